#include "profiler/symbols/symbol_table.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <sstream>

#include "support.h"

namespace weir::profiler {
namespace {

// Names of functions by address, as nm prints them: "ADDRESS [SIZE] TYPE NAME[@@VERSION]".
std::map<std::uint64_t, std::set<std::string>> functions_of(const std::string& path) {
  std::map<std::uint64_t, std::set<std::string>> functions;
  for (const char* options : {"-D --defined-only", "--defined-only"}) {
    std::istringstream lines(run("nm " + std::string(options) + " " + path + " 2>/dev/null"));
    std::string address, type, name;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      words >> address >> type >> name;
      if (type != "T" && type != "t" && type != "W" && type != "w" && type != "i") continue;
      functions[std::stoull(address, nullptr, 16)].insert(name.substr(0, name.find('@')));
    }
  }
  return functions;
}

// FUNC and IFUNC symbols by address, as readelf prints them: their type is exact.
std::set<std::uint64_t> function_addresses(const std::string& path) {
  std::set<std::uint64_t> addresses;
  std::istringstream lines(run("readelf -W --syms " + path + " 2>/dev/null"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, value, size, type, binding, visibility, section;
    words >> number >> value >> size >> type >> binding >> visibility >> section;
    if ((type != "FUNC" && type != "IFUNC") || section == "UND" || section == "ABS") continue;
    addresses.insert(std::stoull(value, nullptr, 16));
  }
  return addresses;
}

// For other programs.
std::string real_path(const std::string& path) {
  return path == "/proc/self/exe" ? "/proc/" + std::to_string(::getpid()) + "/exe" : path;
}

SymbolTable table_of(const std::string& path) {
  auto bytes = own_file_bytes(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  REQUIRE(bytes.has_value());
  auto elf = Elf::read(**bytes);
  REQUIRE(elf.has_value());
  auto table = SymbolTable::read({{{&*elf, *bytes}}}, 64 << 20);
  REQUIRE(table.has_value());
  return *std::move(table);
}

TEST_CASE("every function that nm and readelf list is found at its address") {
  for (const std::string& path : distribution_files()) {
    CAPTURE(path);
    std::string real = real_path(path);
    SymbolTable table = table_of(real);
    auto names = functions_of(real);
    std::size_t compared = 0;
    for (std::uint64_t address : function_addresses(real)) {
      auto found = table.find(address);
      std::string name = found ? table.name(*found) : "";
      if (names[address].contains(name)) {
        ++compared;
      } else {
        CAPTURE(address);
        CAPTURE(name);
        CHECK(names[address].contains(name));
      }
    }
    CHECK(compared > 10);
    CHECK(table.bytes() <= 16 * table.size());
    MESSAGE(path << ": " << compared << " functions, " << table.size() << " symbols");
  }
}

// Names of stubs as objdump works them out: "0000000000001030 <memcpy@plt>:".
TEST_CASE("stubs of the procedure linkage table have the name of what they jump to") {
  std::size_t compared = 0;
  for (const std::string& path : distribution_files()) {
    CAPTURE(path);
    std::string real = real_path(path);
    SymbolTable table = table_of(real);
    std::istringstream lines(
        run("objdump -d -j .plt -j .plt.sec -j .plt.got " + real + " 2>/dev/null | grep '@plt>:$'"));
    std::string address, name;
    while (lines >> address >> name) {
      name = name.substr(1, name.size() - 3);
      if (name.starts_with("*ABS*")) continue;  // chosen by a function when the file is loaded: no name
      std::uint64_t start = std::stoull(address, nullptr, 16);
      for (std::uint64_t place : {start, start + 6}) {
        auto found = table.find(place);
        CHECK((found ? table.name(*found) : "") == name);
      }
      ++compared;
    }
  }
  MESSAGE(compared << " stubs");
  CHECK(compared > 10);
}

struct Place {
  std::uint64_t address;
  const char* name;  // null: no symbol covers it
};

TEST_CASE("which symbol covers an address") {
  struct Row {
    const char* what;
    std::vector<ImageSymbol> symbols;
    std::vector<Place> places;
  };
  const Row rows[] = {
      {"a gap after a symbol with a size has no name",
       {{"a", 0x401000, 16}, {"b", 0x401100, 16}},
       {{0x400fff, nullptr},
        {0x401000, "a"},
        {0x40100f, "a"},
        {0x401010, nullptr},
        {0x4010ff, nullptr},
        {0x401100, "b"},
        {0x401110, nullptr}}},
      {"without a size it reaches to the next symbol, the last to the end of its section",
       {{"a", 0x401000, 0}, {"b", 0x401100, 0}},
       {{0x401000, "a"}, {0x4010ff, "a"}, {0x401100, "b"}, {0x401fff, "b"}, {0x402000, nullptr}}},
      {"a function inside another one",
       {{"outer", 0x401000, 0x100}, {"inner", 0x401040, 0x10}},
       {{0x40103f, "outer"},
        {0x401040, "inner"},
        {0x40104f, "inner"},
        {0x401050, "outer"},
        {0x4010ff, "outer"},
        {0x401100, nullptr}}},
      {"a label inside a function is not a function; outside of all it is",
       {{"f", 0x401000, 0x100}, {"loop", 0x401040, 0, STT_NOTYPE}, {"asm_entry", 0x401200, 0, STT_NOTYPE}},
       {{0x401050, "f"}, {0x401200, "asm_entry"}, {0x401300, "asm_entry"}}},
      {"aliases: the plain name stands, whatever the order",
       {{"__libc_write", 0x401000, 16},
        {"__write", 0x401000, 16},
        {"write", 0x401000, 16, STT_FUNC, STB_WEAK},
        {"local", 0x401000, 16, STT_FUNC, STB_LOCAL}},
       {{0x401000, "write"}}},
      {"overlapping functions: the later one from where it begins",
       {{"a", 0x401000, 0x40}, {"b", 0x401020, 0x40}},
       {{0x40101f, "a"}, {0x401020, "b"}, {0x40105f, "b"}, {0x401060, nullptr}}},
      {"data, files, undefined and mapping symbols are none",
       {{"data", 0x401000, 16, STT_OBJECT}, {"$x", 0x401020, 0, STT_NOTYPE}, {"far", 0x500000, 16}},
       {{0x401000, nullptr}, {0x401020, nullptr}, {0x500000, nullptr}}},
      {"a size beyond the section is cut",
       {{"a", 0x401ff0, 0x10000}},
       {{0x401fff, "a"}, {0x402000, nullptr}}},
      {"a version is no part of the name", {{"memcpy@@GLIBC_2.14", 0x401000, 16}}, {{0x401000, "memcpy"}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::string image = make_image(row.symbols);
    auto bytes = std::make_shared<MemoryBytes>(image);
    auto elf = Elf::read(*bytes);
    REQUIRE(elf.has_value());
    auto table = SymbolTable::read({{{&*elf, bytes}}}, 1 << 20);
    REQUIRE(table.has_value());
    for (const Place& place : row.places) {
      CAPTURE(place.address);
      auto found = table->find(place.address);
      CHECK((found ? table->name(*found) : "") == (place.name == nullptr ? "" : place.name));
    }
  }
}

TEST_CASE("a table over its limit is refused") {
  std::vector<ImageSymbol> symbols;
  for (std::uint64_t i = 0; i < 100; ++i) symbols.push_back({"f", 0x401000 + i * 16, 16});
  std::string image = make_image(symbols);
  auto bytes = std::make_shared<MemoryBytes>(image);
  auto elf = Elf::read(*bytes);
  REQUIRE(elf.has_value());
  SymbolSource source{&*elf, bytes};
  CHECK(SymbolTable::read({{source}}, 100 * 12).value().bytes() == 100 * 12);
  CHECK(SymbolTable::read({{source}}, 99 * 12).error().message == "its symbols need more than 1188 bytes");
}

}  // namespace
}  // namespace weir::profiler
