// Compressed sections of ELF files, and .xz streams.
#include "profiler/symbols/unpack.h"

#include <doctest/doctest.h>
#include <libdeflate.h>
#include <zstd.h>

#include <memory>

#include "profiler/symbols/symbol_table.h"
#include "support.h"

namespace weir::profiler {
namespace {

constexpr std::uint32_t kZlib = 1;
constexpr std::uint32_t kZstd = 2;

std::string zlib(std::string_view text) {
  std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(6), &libdeflate_free_compressor);
  std::string out(libdeflate_zlib_compress_bound(compressor.get(), text.size()), '\0');
  out.resize(libdeflate_zlib_compress(compressor.get(), text.data(), text.size(), out.data(), out.size()));
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string with_header(std::uint32_t kind, std::uint64_t size, std::string_view packed) {
  Elf64_Chdr header{.ch_type = kind, .ch_reserved = 0, .ch_size = size, .ch_addralign = 1};
  return std::string(reinterpret_cast<const char*>(&header), sizeof header).append(packed);
}

TEST_CASE("the content of a section") {
  const std::string text(5000, 'x');
  struct Row {
    const char* what;
    std::string bytes;
    std::uint64_t flags;
    std::string error;  // empty: the text
  };
  const Row rows[] = {
      {"plain", text, 0, ""},
      {"zlib", with_header(kZlib, text.size(), zlib(text)), SHF_COMPRESSED, ""},
      {"zstd", with_header(kZstd, text.size(), zstd(text)), SHF_COMPRESSED, ""},
      {"zlib that is longer than it says", with_header(kZlib, 4999, zlib(text)), SHF_COMPRESSED,
       "damaged zlib data"},
      {"zlib that is shorter", with_header(kZlib, 5001, zlib(text)), SHF_COMPRESSED, "damaged zlib data"},
      {"zstd that is longer", with_header(kZstd, 4999, zstd(text)), SHF_COMPRESSED, "damaged zstd data"},
      {"zstd that is shorter", with_header(kZstd, 5001, zstd(text)), SHF_COMPRESSED, "damaged zstd data"},
      {"not zlib", with_header(kZlib, 5000, "text"), SHF_COMPRESSED, "damaged zlib data"},
      {"too large", with_header(kZlib, 6001, zlib(text)), SHF_COMPRESSED,
       "a section of 6001 bytes, more than 6000"},
      {"another way", with_header(9, 5000, text), SHF_COMPRESSED,
       "a section compressed in a way that weir does not read (9)"},
      {"no header", "short", SHF_COMPRESSED, "a compressed section without a header"},
      {"too large as it is", std::string(6001, 'x'), 0, "a section of 6001 bytes, more than 6000"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    ElfSection section{.type = SHT_PROGBITS, .flags = row.flags, .size = row.bytes.size()};
    auto content = read_section(MemoryBytes(row.bytes), section, 6000);
    CHECK(content.has_value() == row.error.empty());
    CHECK((content ? *content : content.error().message) == (row.error.empty() ? text : row.error));
  }
  ElfSection beyond{.type = SHT_PROGBITS, .offset = 1, .size = text.size()};
  CHECK(read_section(MemoryBytes(text), beyond, 6000).error().message ==
        "a section reaches past the file's end");
  ElfSection none{.type = SHT_NOBITS, .size = 10};
  CHECK(read_section(MemoryBytes(text), none, 6000).error().message == "a section without content");
}

// The image with these sections compressed, their content moved to its end.
std::string compress_sections(std::string image, std::uint32_t kind,
                              std::initializer_list<unsigned> indexes) {
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  for (unsigned index : indexes) {
    std::size_t at = header.e_shoff + index * sizeof(Elf64_Shdr);
    Elf64_Shdr section;
    std::memcpy(&section, image.data() + at, sizeof section);
    std::string content = image.substr(section.sh_offset, section.sh_size);
    std::string packed = with_header(kind, content.size(), kind == kZlib ? zlib(content) : zstd(content));
    section.sh_flags |= SHF_COMPRESSED;
    section.sh_offset = image.size();
    section.sh_size = packed.size();
    std::memcpy(image.data() + at, &section, sizeof section);
    image += packed;
  }
  return image;
}

TEST_CASE("symbols and their names may be compressed") {
  constexpr unsigned kSymbols = 2;
  constexpr unsigned kStrings = 3;
  std::string image =
      make_image({{"first", 0x401000, 16}, {"second", 0x401010, 16}, {"_second", 0x401010, 16}});
  for (std::uint32_t kind : {kZlib, kZstd}) {
    for (auto indexes : {std::initializer_list<unsigned>{kSymbols}, {kStrings}, {kSymbols, kStrings}}) {
      auto bytes = std::make_shared<OwnedBytes>(compress_sections(image, kind, indexes));
      auto elf = Elf::read(*bytes);
      REQUIRE(elf.has_value());
      auto table = SymbolTable::read({{{&*elf, bytes}}}, 1 << 20);
      REQUIRE(table.has_value());
      REQUIRE(table->size() == 2);
      CHECK(table->name(0) == "first");
      CHECK(table->name(1) == "second");
    }
  }
}

TEST_CASE("an .xz stream, within its limit") {
  std::string packed = run("head -c 1000000 /dev/zero | xz");
  REQUIRE(packed.size() > 100);
  CHECK(unpack_xz(packed, 1'000'001).value() == std::string(1'000'000, '\0'));
  CHECK(unpack_xz(packed, 999'999).error().message == "more than 999999 bytes when unpacked");
  CHECK(unpack_xz(packed.substr(0, 100), 1'000'001).error().message == "damaged xz data");
  CHECK(unpack_xz("a text, no xz stream", 1'000'001).error().message == "not xz data");
  CHECK(unpack_xz("", 1'000'001).error().message == "damaged xz data");
  std::string greedy = run("echo | xz --lzma2=dict=512MiB");
  CHECK(unpack_xz(greedy, 1'000'001).error().message == "unpacking it would take too much memory");
}

}  // namespace
}  // namespace weir::profiler
