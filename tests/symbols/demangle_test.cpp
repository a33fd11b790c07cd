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
    {"_ZZ3fooiENKUliE0_clEi", "foo()::{lambda(int)#2}::operator()", "foo()::{lambda(int)#2}::operator()",
     "foo(int)::{lambda(int)#2}::operator()(int) const"},
    // Types, expressions, lambdas, concepts, modules and what compilers make up.
    {"_Z3fooPFivE", "foo", "foo", "foo(int (*)())"},
    {"_Z3fooM3BarKFivE", "foo", "foo", "foo(int (Bar::*)() const)"},
    {"_Z3fooRA10_A4_Ki", "foo", "foo", "foo(int const (&) [10][4])"},
    {"_Z1fDv4_f", "f", "f", "f(float __vector(4))"},
    {"_Z1fU3ASTPi", "f", "f", "f(int* AST)"},
    {"_Z1fIiEDTcl1gfp_EET_", "f", "f<int>", "decltype (g({parm#1})) f<int>(int)"},
    {"_Z1fIJidEEvDpT_", "f", "f<int, double>", "void f<int, double>(int, double)"},
    {"_ZN1AcvT_IiEEv", "A::operator int", "A::operator int<int>", "A::operator int<int>()"},
    {"_ZNKR3Foo3getEv", "Foo::get", "Foo::get", "Foo::get() const &"},
    {"_ZNO3Foo3getEv", "Foo::get", "Foo::get", "Foo::get() &&"},
    {"_ZZ1fvENKUlTyT_E_clIiEEDaS_", "f()::{lambda<typename $T0>($T0)#1}::operator()",
     "f()::{lambda<typename $T0>($T0)#1}::operator()<int>",
     "auto f()::{lambda<typename $T0>($T0)#1}::operator()<int>(int) const"},
    {"_ZZ1fvENKUlT_E_clIiEEDaS_", "f()::{lambda(auto:1)#1}::operator()",
     "f()::{lambda(auto:1)#1}::operator()<int>", "auto f()::{lambda(auto:1)#1}::operator()<int>(int) const"},
    {"_Z1fIXgtLi3ELi2EEEvv", "f", "f<((3)>(2))>", "void f<((3)>(2))>()"},
    {"_Z1fIXadL_Z1gvEEEvv", "f", "f<&g>", "void f<&g>()"},
    {"_Z1fILin5ELj3ELm4ELb1ELc97EEvv", "f", "f<-5, 3u, 4ul, true, (char)97>",
     "void f<-5, 3u, 4ul, true, (char)97>()"},
    {"_Z1fIXtl5HellotlA6_cLc104ELc105EEEEEvv", "f", "f<Hello{\"hi\"}>", "void f<Hello{\"hi\"}>()"},
    {"_ZNSt8ios_base4InitD1Ev", "std::ios_base::Init::~Init", "std::ios_base::Init::~Init",
     "std::ios_base::Init::~Init()"},
    {"_ZTch0_h16_NK3Foo3bazEv", "covariant return thunk to Foo::baz() const",
     "covariant return thunk to Foo::baz() const", "covariant return thunk to Foo::baz() const"},
    {"_ZGVZ3foovE1x", "guard variable for foo()::x", "guard variable for foo()::x",
     "guard variable for foo()::x"},
    {"_ZTW1x", "TLS wrapper function for x", "TLS wrapper function for x", "TLS wrapper function for x"},
    {"_ZTC3Foo0_3Bar", "construction vtable for Bar-in-Foo", "construction vtable for Bar-in-Foo",
     "construction vtable for Bar-in-Foo"},
    {"_ZZ3foovEd_NKUlvE_clEv", "foo()::{default arg#1}::{lambda()#1}::operator()",
     "foo()::{default arg#1}::{lambda()#1}::operator()",
     "foo()::{default arg#1}::{lambda()#1}::operator()() const"},
    {"_ZZ3foovEs", "foo()::string literal", "foo()::string literal", "foo()::string literal"},
    {"_Z1fUa9enable_ifIXLi1EEEi", "f", "f", "f(int) [enable_if:1]"},
    {"_Z1fITkSt8integraliEvT_", "f", "f<int>", "void f<int>(int)"},
    {"_Z1fIiEvT_QsrSt7same_asIS0_iE5value", "f", "f<int>",
     "void f<int>(int) requires std::same_as<T0, int>::value"},
    {"_ZN1A1fEvQ3Big", "A::f", "A::f", "A::f() requires Big"},
    {"_ZW3Foo3barv", "bar@Foo", "bar@Foo", "bar@Foo()"},
    {"_ZN1AF1fEv", "A::f[friend]", "A::f[friend]", "A::f[friend]()"},
    {"_ZNH1S1fES_", "S::f", "S::f", "S::f(this S)"},
    {"_Z1fDF16_DF16b", "f", "f", "f(_Float16, std::bfloat16_t)"},
    {"_Z1fDB7_", "f", "f", "f(_BitInt(7))"},
    {"_Z1fPKPVc", "f", "f", "f(char volatile* const*)"},
    {"_Z1fIiEDTnw_T_EES0_", "f", "f<int>", "decltype (new int) f<int>(int)"},
    {"_Z1fIiEDTsZT_EDpS0_", "f", "f<int>", "_Z1fIiEDTsZT_EDpS0_"},
    {"_Z1fIJiiEEvDpT_IXsZT_EE", "f", "f<int, int>", "void f<int, int>(int<2>, int<2>)"},
    {"_ZN3FooUt_C1Ev", "Foo::{unnamed type#1}::{unnamed type#1}", "Foo::{unnamed type#1}::{unnamed type#1}",
     "Foo::{unnamed type#1}::{unnamed type#1}()"},
    {"_Z1fN3FooUt0_E", "f", "f", "f(Foo::{unnamed type#2})"},
    {"_ZL3barv", "bar", "bar", "bar()"},
    {"_ZN12_GLOBAL__N_11gEv", "(anonymous namespace)::g", "(anonymous namespace)::g",
     "(anonymous namespace)::g()"},
    {"_Zli2_kmy", "operator\"\" _k", "operator\"\" _k", "operator\"\" _k(unsigned long, unsigned long long)"},
    {"_ZNSdC1Ev", "std::basic_iostream::basic_iostream",
     "std::basic_iostream<char, std::char_traits<char> >::basic_iostream",
     "std::basic_iostream<char, std::char_traits<char> >::basic_iostream()"},
    {"_ZlsRSoi", "operator<<", "operator<<", "operator<<(std::ostream&, int)"},
    {"___Z3foov_block_invoke_2", "invocation function for block in foo",
     "invocation function for block in foo", "invocation function for block in foo()"},
    {"_GLOBAL__I_a", "global constructors keyed to _I_a", "global constructors keyed to _I_a",
     "global constructors keyed to _I_a"},
    {"_ZGr12_java$Sx$_yz", "java resource java/x.yz", "java resource java/x.yz", "java resource java/x.yz"},
    // More of Rust: escapes, and a hash that is none.
    {"_ZN66_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE.llvm."
     "42",
     "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
     "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
     "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop"},
    {"_ZN3foo17hello_not_a_hash0Ev", "foo::hello_not_a_hash0", "foo::hello_not_a_hash0",
     "foo::hello_not_a_hash0()"},
    {"_RNvC6_123foo3bar", "123foo::bar", "123foo::bar", "123foo::bar"},
    // Rust's newer form: closures, constants, traits, punycode, functions.
    {"_RNCNvC1a4main0", "a::main::{closure#0}", "a::main::{closure#0}", "a::main::{closure#0}"},
    {"_RINvC1a1fKj3_E", "a::f::<>", "a::f::<3>", "a::f::<3>"},
    {"_RINvC1a1fDNtB2_1TEL_E", "a::f::<>", "a::f::<dyn a::T>", "a::f::<dyn a::T>"},
    {"_RNvC1au8_jna_9e4b", "a::jnaゅ", "a::jnaゅ", "a::jnaゅ"},
    {"_RINvC1a1fFKCmEuE", "a::f::<>", "a::f::<extern \"C\" fn(u32)>", "a::f::<extern \"C\" fn(u32)>"},
    {"_RINvC1a1fRL_eQmPxOyE", "a::f::<>", "a::f::<&str, &mut u32, *const i64, *mut u64>",
     "a::f::<&str, &mut u32, *const i64, *mut u64>"},
    {"_RINvC1a1fAhj4_SbTcETcdEE", "a::f::<>", "a::f::<[u8; 4], [bool], (char,), (char, f64)>",
     "a::f::<[u8; 4], [bool], (char,), (char, f64)>"},
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
  for (const char* unit :
       {"P",     "N1a",   "I",    "1aI",    "S",        "ZN", "RT", "M1a", "1a",       "Z1fvE", "cvT_I", "Tp",
        "UlvE_", "XaaT_", "DpT_", "PFiS_E", "1pIS_S_E", "gs", "KV", "A1_", "TB8_B8_E", "W1a",   "B1a"}) {
    for (const char* start : {"_Z1f", "_ZN", "_Z", "_Z1fIiEvT_", "_ZN1A", "_R", "_RNvC1a", "_RMC1a"}) {
      std::string name = start;
      while (name.size() < 32000) name += unit;
      (void)demangle(name, Demangle::full);
      (void)demangle(name, Demangle::simplified);
    }
  }
}

}  // namespace
}  // namespace weir::profiler
