#include "profiler/symbols/elf.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <random>

#include "profiler/symbols/symbol_table.h"
#include "support.h"

namespace weir::profiler {
namespace {

TEST_CASE("build ids are those readelf reads") {
  for (const std::string& path : distribution_files()) {
    if (path == "/proc/self/exe") continue;
    CAPTURE(path);
    std::string text = run("readelf -n " + path + " 2>/dev/null");
    std::size_t at = text.find("Build ID: ");
    REQUIRE(at != std::string::npos);
    std::string expected = text.substr(at + 10, text.find('\n', at) - at - 10);
    auto fd = open_regular_file(path);
    REQUIRE(fd.has_value());
    CHECK(read_build_id(fd->get()).value() == expected);
  }
}

TEST_CASE("sections are found by name") {
  for (const std::string& path : distribution_files()) {
    CAPTURE(path);
    auto fd = open_regular_file(path);
    REQUIRE(fd.has_value());
    auto bytes = FileBytes::of(fd->get());
    auto elf = Elf::read(*bytes);
    REQUIRE(elf.has_value());
    const ElfSection* text = elf->section_named(".text");
    REQUIRE(text != nullptr);
    CHECK((text->flags & SHF_EXECINSTR) != 0);
    CHECK(elf->section_named(".no_such_section") == nullptr);
  }
  std::string image = make_image({});
  CHECK(Elf::read(MemoryBytes(image))->section_named(".text") == nullptr);
}

TEST_CASE("a place in the file becomes the address its symbols count with") {
  std::string image = make_image({});
  auto elf = Elf::read(MemoryBytes(image));
  REQUIRE(elf.has_value());
  CHECK(elf->build_id() == "0102030405060708090a0b0c0d0e0f1011121314");
  CHECK(elf->address_of(0x1000) == 0x401000);
  CHECK(elf->address_of(0x1fff) == 0x401fff);
  CHECK(elf->address_of(0x100) == std::nullopt);
  CHECK(elf->end_of_code(0x401234) == 0x402000);
  CHECK(elf->end_of_code(0x402000) == 0);
}

TEST_CASE("what is no ELF file of ours says so") {
  struct Row {
    std::size_t at;
    char value;
    const char* message;
  };
  const Row rows[] = {
      {0, 'x', "not an ELF file"},
      {EI_CLASS, ELFCLASS32, "a 32-bit ELF file, which weir does not read"},
      {EI_DATA, ELFDATA2MSB, "a big-endian ELF file, which weir does not read"},
      {18, EM_ARM, "an ELF file for machine 40, which weir does not read"},
      {16, ET_REL, "an ELF file, but no executable and no shared object"},
      {56, 0, "an ELF file without program headers"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    std::string image = make_image({});
    image[row.at] = row.value;
    auto elf = Elf::read(MemoryBytes(image));
    REQUIRE_FALSE(elf.has_value());
    CHECK(elf.error().message == row.message);
  }
}

TEST_CASE("only regular files are opened, and nothing is waited for") {
  tests::TempDir dir;
  std::string folder = dir.path(), fifo = dir / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(open_regular_file(fifo).error().message == "open " + fifo + ": not a regular file");
  CHECK(open_regular_file(folder).error().message == "open " + folder + ": not a regular file");
  CHECK(open_regular_file("/dev/null").error().message == "open /dev/null: not a regular file");
  CHECK_FALSE(open_regular_file(folder + "/none").has_value());
}

void read_everything(std::string_view image) {
  auto bytes = std::make_shared<MemoryBytes>(image);
  auto elf = Elf::read(*bytes);
  if (!elf) return;
  for (std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{0x1000}, UINT64_MAX})
    (void)elf->address_of(offset);
  auto symbols = SymbolTable::read({{{&*elf, bytes}}}, 1 << 20);
  if (!symbols) return;
  for (std::uint32_t i = 0; i < symbols->size(); ++i) (void)symbols->name(i);
  for (std::uint64_t address = 0x400ff0; address < 0x401050; ++address) (void)symbols->find(address);
}

TEST_CASE("a file cut anywhere or with any byte changed is read or refused, never trusted") {
  std::string image = make_image({{"a", 0x401000, 16}, {"b", 0x401010, 0}, {"c", 0x401018, 4}});
  for (std::size_t length = 0; length < image.size(); length += length < 0x200 ? 1 : 7) {
    read_everything(std::string_view(image).substr(0, length));
  }
  std::mt19937 random(1);
  auto mutate = [&](std::string copy, std::size_t limit) {
    for (int i = 0; i < 3; ++i) copy[random() % limit] = static_cast<char>(random());
    read_everything(copy);
  };
  for (int round = 0; round < 3000; ++round) mutate(image, 0x200);
  std::string tables = image.substr(0x2000);
  for (int round = 0; round < 3000; ++round) {
    std::string copy = tables;
    for (int i = 0; i < 3; ++i) copy[random() % copy.size()] = static_cast<char>(random());
    read_everything(image.substr(0, 0x2000) + copy);
  }
}

}  // namespace
}  // namespace weir::profiler
