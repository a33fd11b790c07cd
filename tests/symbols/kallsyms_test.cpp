#include "profiler/symbols/kallsyms.h"

#include <doctest/doctest.h>

#include "support.h"

namespace weir::profiler {
namespace {

constexpr std::string_view kList =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000000 t local_start\n"
    "ffffffff81000000 T startup_64\n"
    "ffffffff81000100 W weak_one\n"
    "ffffffff81000200 D some_data\n"
    "ffffffffc0a00000 t nf_hook\t[nf_tables]\n"
    "ffffffffc0900000 t early_module\t[ext4]\n"
    "not a line\n";

KernelSymbol find(const KernelSymbols& symbols, std::uint64_t address) {
  auto number = symbols.number_of(address);
  return number ? symbols.symbol(*number) : KernelSymbol();
}

TEST_CASE("kernel addresses get the name before them") {
  Fd fd = file_of(kList);
  auto symbols = KernelSymbols::read(fd.get());
  REQUIRE(symbols.has_value());
  CHECK(symbols->size() == 4);
  struct Row {
    std::uint64_t address;
    std::string_view name;
    std::string_view module = "";
  };
  const Row rows[] = {
      {0x1000, ""},
      {0xffffffff80ffffff, ""},
      {0xffffffff81000000, "startup_64"},
      {0xffffffff810000ff, "startup_64"},
      {0xffffffff81000250, "weak_one"},
      {0xffffffff90000000, ""},  // far behind any function
      {0xffffffffc0900010, "early_module", "ext4"},
      {0xffffffffc0a00010, "nf_hook", "nf_tables"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.address);
    CHECK(find(*symbols, row.address).name == row.name);
    CHECK(find(*symbols, row.address).module == row.module);
  }
}

TEST_CASE("names are found in every block of them") {
  std::string list;
  for (int i = 0; i < 2000; ++i)
    list +=
        fmt::format("{:x} t function_{}{}\n", 0xffffffff81000000 + i * 16, i, i >= 1500 ? "\t[late]" : "");
  Fd fd = file_of(list);
  auto symbols = KernelSymbols::read(fd.get());
  REQUIRE(symbols.has_value());
  for (unsigned i = 0; i < 2000; i += 13) {
    KernelSymbol found = find(*symbols, 0xffffffff81000000 + i * 16 + 5);
    CHECK(found.name == "function_" + std::to_string(i));
    CHECK(found.module == (i >= 1500 ? "late" : ""));
  }
}

TEST_CASE("a kernel that hides its addresses says what to do") {
  Fd hidden = file_of("0000000000000000 T _text\n0000000000000000 t local\n");
  CHECK(KernelSymbols::read(hidden.get()).error().message ==
        "/proc/kallsyms hides all addresses: set kernel.kptr_restrict to 0 or run with CAP_SYSLOG");
  Fd empty = file_of("");
  CHECK(KernelSymbols::read(empty.get()).error().message == "/proc/kallsyms lists no code");
  Fd endless = file_of(std::string(100'000, 'f'));
  CHECK_FALSE(KernelSymbols::read(endless.get()).has_value());
}

TEST_CASE("this machine's kernel") {
  Fd fd(::open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
  auto symbols = KernelSymbols::read(fd.get());
  if (!symbols) {
    std::printf("SKIP: kallsyms of this machine: %s\n", symbols.error().message.c_str());
    return;
  }
  CHECK(symbols->size() > 10'000);
  CHECK(symbols->bytes() < 16 * symbols->size());
  MESSAGE(symbols->size() << " symbols, " << symbols->bytes() << " bytes");
}

}  // namespace
}  // namespace weir::profiler
