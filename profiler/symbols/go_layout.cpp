#include "profiler/symbols/go_layout.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "profiler/symbols/go_module.h"

namespace weir::profiler {
namespace {

constexpr std::uint64_t kMaxSearched = 256u << 20;  // bytes, of one file
constexpr std::size_t kChunk = 64u << 10;
// What looks like a table: for each the program's data may be searched.
constexpr int kMaxTried = 8;
// What begins like one: each costs a read.
constexpr int kMaxLookedAt = 4096;
constexpr std::size_t kHeaderWords = 8;  // after the first 8 bytes; the old formats have fewer

struct Magic {
  std::uint32_t value;
  GoFormat format;
};
constexpr std::array<Magic, 4> kMagics = {{{0xfffffffb, GoFormat::go1_2},
                                           {0xfffffffa, GoFormat::go1_16},
                                           {0xfffffff0, GoFormat::go1_18},
                                           {0xfffffff1, GoFormat::go1_20}}};

struct HeaderStart {
  std::uint32_t magic = 0;
  std::uint8_t zero[2] = {};
  std::uint8_t quantum = 0;
  std::uint8_t pointer_size = 0;
};

struct Header {
  HeaderStart start;
  std::uint64_t words[kHeaderWords] = {};
};
static_assert(sizeof(Header) == 72);

struct Region {
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

const Magic* magic_of(const HeaderStart& start) {
  if (start.zero[0] != 0 || start.zero[1] != 0 || start.pointer_size != 8) return nullptr;
  if (start.quantum != 1 && start.quantum != 2 && start.quantum != 4) return nullptr;
  for (const Magic& magic : kMagics)
    if (magic.value == start.magic) return &magic;
  return nullptr;
}

// In a table of so many bytes, as the first word says it.
bool may_have(std::uint64_t functions, std::uint64_t size) {
  return functions > 0 && functions <= size / 8;
}

std::uint64_t word_at(const Bytes& bytes, std::uint64_t offset, std::size_t width) {
  std::uint64_t value = 0;
  return bytes.read_all(offset, &value, width) ? value : 0;
}

// Offsets of a table that begins at `begin`. False when they lie outside it.
bool place_parts(GoLayout& layout, const Header& header, const Bytes& bytes) {
  std::uint64_t size = layout.end - layout.begin;
  auto part = [&](std::size_t word, std::uint64_t& to) {
    to = layout.begin + std::min(header.words[word], size);
    return header.words[word] < size;
  };
  layout.functions = header.words[0];
  if (!may_have(layout.functions, size)) return false;
  if (layout.format == GoFormat::go1_2) {
    layout.index = layout.begin + 16;
    layout.records = layout.names = layout.values = layout.begin;
    std::uint64_t files = word_at(bytes, layout.index + (2 * layout.functions + 1) * 8, 4);
    layout.files = layout.begin + files;
    return files != 0 && files < size;
  }
  std::size_t first = layout.format == GoFormat::go1_16 ? 2 : 3;
  bool inside = part(first, layout.names) && part(first + 1, layout.units) && part(first + 2, layout.files) &&
                part(first + 3, layout.values) && part(first + 4, layout.records);
  layout.index = layout.records;
  return inside;
}

bool is_code(const Elf& elf, std::uint64_t address) {
  return elf.end_of_code(address) != 0;
}

std::uint64_t start_of_text(const Elf& elf) {
  const ElfSection* text = elf.section_named(".text");
  if (text != nullptr) return text->address;
  for (const ElfSegment& segment : elf.segments())
    if (segment.type == PT_LOAD && (segment.flags & PF_X) != 0) return segment.address;
  return 0;
}

// A layout whose text is not known yet, and what tells it.
struct Placed {
  GoLayout layout;
  std::uint64_t address = 0;  // of the table
  std::uint64_t text = 0;     // as the header says it
};

std::optional<Placed> placed(const Region& region, const Bytes& bytes) {
  Header header;
  if (bytes.read(region.offset, &header, sizeof header) < 24) return std::nullopt;
  const Magic* magic = magic_of(header.start);
  if (magic == nullptr || region.offset > bytes.size()) return std::nullopt;
  Placed placed{.layout = {}, .address = region.address, .text = header.words[2]};
  GoLayout& layout = placed.layout;
  layout.format = magic->format;
  layout.quantum = header.start.quantum;
  layout.begin = region.offset;
  layout.end = region.offset + std::min(region.size, bytes.size() - region.offset);
  if (!place_parts(layout, header, bytes)) return std::nullopt;
  return placed;
}

// Since Go 1.26, and in what is placed at load time, the header no longer says
// where the code begins. The runtime's description of the program does.
void find_text(Placed& table, const Elf& elf, const Bytes& bytes) {
  GoLayout& layout = table.layout;
  std::uint64_t first = word_at(bytes, layout.index, 4);
  if (auto module = GoModule::find(elf, bytes, table.address, layout.format, first)) {
    layout.text = module->text;
    layout.inlined = file_offset_of(elf, module->inlined).value_or(0);
    return;
  }
  layout.text = table.text != 0 && is_code(elf, table.text) ? table.text : start_of_text(elf);
}

std::optional<GoLayout> with_text(Placed table, const Elf& elf, const Bytes& bytes) {
  GoLayout& layout = table.layout;
  if (layout.format >= GoFormat::go1_18) find_text(table, elf, bytes);
  std::uint64_t first = layout.text + word_at(bytes, layout.index, layout.index_width());
  if (!is_code(elf, first)) return std::nullopt;
  return layout;
}

// For a table that no section names. A section is looked at again as part of its segment; what all of it may
// cost is for all regions of a file together: hostile ones overlap.
class Search {
 public:
  Search(const Elf& elf, const Bytes& bytes)
      : elf_(elf), bytes_(bytes), left_(2 * std::min(bytes.size(), kMaxSearched)) {}

  std::optional<GoLayout> in(const Region& region) {
    const std::uint64_t size = std::min(region.size, left_);
    left_ -= size;
    for (std::uint64_t done = -region.address % 8; done < size && !is_over(); done += kChunk) {
      std::size_t wanted = std::min<std::uint64_t>(kChunk, size - done);
      std::size_t have = bytes_.read(region.offset + done, chunk_.data(), wanted);
      for (std::size_t at = 0; at + sizeof(HeaderStart) <= have && !is_over(); at += sizeof(HeaderStart)) {
        if (!may_begin(at, have, region.size - done - at)) continue;
        if (auto layout = look_at(region, done + at)) return layout;
      }
      if (have < wanted) break;
    }
    return std::nullopt;
  }

 private:
  // Nothing more is found.
  bool is_over() const { return looked_at_ >= kMaxLookedAt || tried_ >= kMaxTried; }

  // A table of at most so many bytes, as far as the chunk tells.
  bool may_begin(std::size_t at, std::size_t have, std::uint64_t size) const {
    HeaderStart start;
    std::memcpy(&start, chunk_.data() + at, sizeof start);
    if (start.magic < kMagics[2].value || magic_of(start) == nullptr) return false;
    std::uint64_t functions = 0;
    at += sizeof start;
    if (have - at < sizeof functions) return true;
    std::memcpy(&functions, chunk_.data() + at, sizeof functions);
    return may_have(functions, size);
  }

  std::optional<GoLayout> look_at(const Region& region, std::uint64_t offset) {
    ++looked_at_;
    auto layout = placed({region.offset + offset, region.address + offset, region.size - offset}, bytes_);
    if (!layout) return std::nullopt;
    ++tried_;
    return with_text(*std::move(layout), elf_, bytes_);
  }

  const Elf& elf_;
  const Bytes& bytes_;
  std::vector<std::byte> chunk_ = std::vector<std::byte>(kChunk);
  std::uint64_t left_;  // bytes
  int looked_at_ = 0;
  int tried_ = 0;
};

Region region_of(const ElfSection& section) {
  return {section.offset, section.address, section.size};
}

// Linkers put the table into .data.rel.ro of what is placed at load time.
bool is_go_program(const Elf& elf) {
  for (const char* name : {".go.buildinfo", ".note.go.buildid", ".go.module"})
    if (elf.section_named(name) != nullptr) return true;
  return elf.sections().empty();
}

}  // namespace

std::optional<GoLayout> find_go_table(const Elf& elf, const Bytes& bytes) {
  for (const char* name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    const ElfSection* section = elf.section_named(name);
    if (section == nullptr || section->type != SHT_PROGBITS) continue;
    auto table = placed(region_of(*section), bytes);
    return table ? with_text(*std::move(table), elf, bytes) : std::nullopt;
  }
  if (!is_go_program(elf)) return std::nullopt;
  Search search(elf, bytes);
  if (const ElfSection* section = elf.section_named(".data.rel.ro"))
    if (auto layout = search.in(region_of(*section))) return layout;
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) != 0) continue;
    if (auto layout = search.in({segment.offset, segment.address, segment.file_size})) return layout;
  }
  return std::nullopt;
}

}  // namespace weir::profiler
