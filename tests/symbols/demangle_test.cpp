#include "profiler/symbols/demangle.h"

#include <doctest/doctest.h>

namespace weir::profiler {
namespace {

struct Row {
  const char* mangled;
  const char* simplified;
  const char* templates;
  const char* full;
};

const Row kRows[] = {
    {"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector::push_back",
     "std::vector<int, std::allocator<int> >::push_back",
     "std::vector<int, std::allocator<int> >::push_back(int const&)"},
    {"_ZN3foo3barIiEEvT_S1_.part.0", "foo::bar", "foo::bar<int>", "void foo::bar<int>(int, int)"},
    {"_ZZ3fooiENKUlvE_clEv", "foo()::{lambda()#1}::operator()", "foo()::{lambda()#1}::operator()",
     "foo(int)::{lambda()#1}::operator()() const"},
    {"_ZThn16_N3Foo3barEi", "non-virtual thunk to Foo::bar(int)", "non-virtual thunk to Foo::bar(int)",
     "non-virtual thunk to Foo::bar(int)"},
    {"_ZN3fooB5cxx11Ei", "foo[abi:cxx11]", "foo[abi:cxx11]", "foo[abi:cxx11](int)"},
    {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad",
     "core::fmt::Formatter::pad", "core::fmt::Formatter::pad"},
    {"_RINvNtC4mylb3mod4sortReE", "mylb::mod::sort::<>", "mylb::mod::sort::<&str>",
     "mylb::mod::sort::<&str>"},
    // More of C++.
    {"_ZN3FooC1Ev", "Foo::Foo", "Foo::Foo", "Foo::Foo()"},
    {"_ZN3FooIiED0Ev", "Foo::~Foo", "Foo<int>::~Foo", "Foo<int>::~Foo()"},
    {"_ZNSsC1EPKc", "std::basic_string::basic_string",
     "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string",
     "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string(char const*)"},
    {"_ZrsRSt6vectorIS_IiSaIiEESaIS1_EEi", "operator>>", "operator>>",
     "operator>>(std::vector<std::vector<int, std::allocator<int> >, std::allocator<std::vector<int, "
     "std::allocator<int> > > >&, int)"},
    {"_ZN12_GLOBAL__N_13runEv", "(anonymous namespace)::run", "(anonymous namespace)::run",
     "(anonymous namespace)::run()"},
    {"_ZTV3Foo", "vtable for Foo", "vtable for Foo", "vtable for Foo"},
    {"_ZZ3fooiENKUliE0_clEi", "foo()::{lambda()#2}::operator()", "foo()::{lambda()#2}::operator()",
     "foo(int)::{lambda(int)#2}::operator()(int) const"},
    // More of Rust: escapes, and a hash that is none.
    {"_ZN66_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE.llvm."
     "42",
     "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
     "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
     "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop"},
    {"_ZN3foo17hello_not_a_hash0Ev", "foo::hello_not_a_hash0", "foo::hello_not_a_hash0",
     "foo::hello_not_a_hash0()"},
    {"_RNvC6_123foo3bar", "123foo::bar", "123foo::bar", "123foo::bar"},
    // What is not mangled, or broken, stays.
    {"main", "main", "main", "main"},
    {"memcpy.part.0", "memcpy.part.0", "memcpy.part.0", "memcpy.part.0"},
    {"_Z", "_Z", "_Z", "_Z"},
    {"_ZN3foo", "_ZN3foo", "_ZN3foo", "_ZN3foo"},
    {"_R", "_R", "_R", "_R"},
    {"", "", "", ""},
};

TEST_CASE("each name in each mode") {
  for (const Row& row : kRows) {
    CAPTURE(row.mangled);
    CHECK(demangle(row.mangled, Demangle::none) == row.mangled);
    CHECK(demangle(row.mangled, Demangle::simplified) == row.simplified);
    CHECK(demangle(row.mangled, Demangle::templates) == row.templates);
    CHECK(demangle(row.mangled, Demangle::full) == row.full);
  }
}

TEST_CASE("a short name that stands for gigabytes stays as it is, at once") {
  // Each type is a pair of the one before it.
  std::string bomb = "_Z1fP1pIiiE";
  for (int i = 0; i < 60; ++i) {
    constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    int last = 2 * i + 1;
    std::string id =
        last < 36 ? std::string(1, kDigits[last]) : std::string{kDigits[last / 36], kDigits[last % 36]};
    bomb += "P1pIS" + id + "_S" + id + "_E";
  }
  CHECK(demangle(bomb, Demangle::full).size() < (1u << 20));
  std::string rust = "_RINvC1a1bTee";
  for (int i = 0; i < 40; ++i) rust += "TB8_B8_E";
  CHECK(demangle(rust + "E", Demangle::full).size() < (1u << 20));
}

TEST_CASE("deep names end") {
  for (const char* unit : {"P", "N1a", "I", "1aI", "S", "ZN", "RT", "M1a"}) {
    for (const char* start : {"_Z1f", "_ZN", "_Z", "_R", "_RNvC1a", "_RMC1a"}) {
      std::string name = start;
      while (name.size() < 4090) name += unit;
      (void)demangle(name, Demangle::full);
      (void)demangle(name, Demangle::simplified);
    }
  }
}

}  // namespace
}  // namespace weir::profiler
