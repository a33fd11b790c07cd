#include "profiler/symbols/go_module.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <vector>

namespace weir::profiler {
namespace {

// Bytes of data, of all segments together: hostile ones overlap. Of relocations as many.
constexpr std::uint64_t kMaxSearched = 64u << 20;
constexpr std::size_t kChunk = 64u << 10;
constexpr std::size_t kMaxCandidates = 8;

// Byte offsets in the runtime's moduledata.
constexpr std::size_t kMinPc = 160;
constexpr std::size_t kText = 176;
constexpr std::size_t kInlined = 320;
constexpr std::size_t kInlinedBefore1_20 = 304;
constexpr std::size_t kWords = kInlined / 8 + 1;

using Words = std::array<std::uint64_t, kWords>;

std::optional<GoModule> check(const Words& words, GoFormat format, std::uint64_t first) {
  GoModule module;
  module.text = words[kText / 8];
  module.inlined = words[(format == GoFormat::go1_18 ? kInlinedBefore1_20 : kInlined) / 8];
  if (module.text == 0 || module.text + first != words[kMinPc / 8]) return std::nullopt;
  return module;
}

class Search {
 public:
  Search(const Elf& elf, const Bytes& bytes, std::uint64_t table, GoFormat format, std::uint64_t first)
      : elf_(elf), bytes_(bytes), table_(table), format_(format), first_(first) {}

  std::optional<GoModule> run() {
    if (const ElfSection* section = elf_.section_named(".go.module"))
      if (auto module = at_offset(section->offset)) return module;
    std::uint64_t left = std::min(bytes_.size(), kMaxSearched);
    for (const ElfSegment& segment : elf_.segments()) {
      if (left == 0) break;
      if (segment.type != PT_LOAD || (segment.flags & PF_W) == 0) continue;
      std::uint64_t size = std::min(segment.file_size, left);
      if (auto module = in_data(segment, size)) return module;
      left -= size;
    }
    return in_relocations();
  }

 private:
  std::optional<GoModule> at_offset(std::uint64_t offset) const {
    Words words{};
    if (!bytes_.read_all(offset, words.data(), sizeof words) || words[0] != table_) return std::nullopt;
    return check(words, format_, first_);
  }

  std::optional<GoModule> in_data(const ElfSegment& segment, std::uint64_t size) const {
    std::vector<std::uint64_t> chunk(kChunk / sizeof(std::uint64_t));
    for (std::uint64_t done = -segment.address % 8; done < size; done += kChunk) {
      std::uint64_t wanted = std::min<std::uint64_t>(kChunk, size - done);
      std::size_t have = bytes_.read(segment.offset + done, chunk.data(), wanted);
      for (std::size_t i = 0; i < have / sizeof(std::uint64_t); ++i) {
        if (chunk[i] != table_) continue;
        if (auto module = at_offset(segment.offset + done + i * sizeof(std::uint64_t))) return module;
      }
      if (have < wanted) break;
    }
    return std::nullopt;
  }

  template <class Visit>
  void each_relocation(Visit visit) const {
    std::vector<Elf64_Rela> chunk(kChunk / sizeof(Elf64_Rela));
    std::uint64_t left = std::min(bytes_.size(), kMaxSearched) / sizeof(Elf64_Rela);
    for (const ElfSection& section : elf_.sections()) {
      if (section.type != SHT_RELA || (section.flags & SHF_ALLOC) == 0) continue;
      std::uint64_t count = std::min(section.size / sizeof(Elf64_Rela), left);
      left -= count;
      for (std::uint64_t done = 0; done < count;) {
        std::uint64_t wanted = std::min<std::uint64_t>(chunk.size(), count - done) * sizeof(Elf64_Rela);
        std::size_t have = bytes_.read(section.offset + done * sizeof(Elf64_Rela), chunk.data(), wanted);
        std::size_t entries = have / sizeof(Elf64_Rela);
        for (std::size_t i = 0; i < entries; ++i) visit(chunk[i]);
        if (have < wanted) return;
        done += entries;
      }
    }
  }

  // What is placed at load time has its addresses there.
  std::optional<GoModule> in_relocations() const {
    struct Candidate {
      std::uint64_t address;
      Words words;
    };
    std::vector<Candidate> candidates;
    each_relocation([&](const Elf64_Rela& entry) {
      if (static_cast<std::uint64_t>(entry.r_addend) == table_ && candidates.size() < kMaxCandidates)
        candidates.push_back({entry.r_offset, {}});
    });
    if (candidates.empty()) return std::nullopt;
    each_relocation([&](const Elf64_Rela& entry) {
      for (Candidate& candidate : candidates) {
        std::uint64_t distance = entry.r_offset - candidate.address;
        if (distance < sizeof(Words) && distance % 8 == 0)
          candidate.words[distance / 8] = static_cast<std::uint64_t>(entry.r_addend);
      }
    });
    for (const Candidate& candidate : candidates)
      if (auto module = check(candidate.words, format_, first_)) return module;
    return std::nullopt;
  }

  const Elf& elf_;
  const Bytes& bytes_;
  std::uint64_t table_;
  GoFormat format_;
  std::uint64_t first_;
};

}  // namespace

std::optional<GoModule> GoModule::find(const Elf& elf, const Bytes& bytes, std::uint64_t table,
                                       GoFormat format, std::uint64_t first) {
  return Search(elf, bytes, table, format, first).run();
}

std::optional<std::uint64_t> file_offset_of(const Elf& elf, std::uint64_t address) {
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_LOAD || address < segment.address) continue;
    if (address - segment.address < segment.file_size) return segment.offset + (address - segment.address);
  }
  return std::nullopt;
}

}  // namespace weir::profiler
