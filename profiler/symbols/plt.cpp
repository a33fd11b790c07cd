#include "profiler/symbols/plt.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir::profiler {
namespace {

constexpr std::uint64_t kMaxCode = 4u << 20;          // of a section of stubs
constexpr std::uint64_t kMaxRelocations = 64u << 10;  // of a section
constexpr std::size_t kMaxStubs = 64u << 10;
constexpr int kMaxSections = 4;  // of a kind; a linker writes two or three
constexpr std::uint32_t kMaxStub = 16;
constexpr std::uint64_t kStep = 8;  // stubs begin at multiples of it
constexpr std::size_t kChunk = 64u << 10;

// A word that a stub may jump through, and the number of its function in .dynsym.
struct Slot {
  std::uint64_t address = 0;
  std::uint32_t symbol = 0;
};

// What `bytes` has of so many entries of a table, a chunk at a time.
template <class Entry, class Take>
void each_entry(const Bytes& bytes, std::uint64_t offset, std::uint64_t count, Take take) {
  std::vector<Entry> chunk(std::min<std::uint64_t>(count, kChunk / sizeof(Entry)));
  while (count != 0) {
    std::size_t wanted = std::min<std::uint64_t>(count, chunk.size());
    std::size_t have = bytes.read(offset, chunk.data(), wanted * sizeof(Entry)) / sizeof(Entry);
    for (const Entry& entry : std::span(chunk).first(have)) take(entry);
    if (have < wanted || __builtin_add_overflow(offset, have * sizeof(Entry), &offset)) return;
    count -= have;
  }
}

void add_slots(const Bytes& bytes, const ElfSection& relocations, std::vector<Slot>& slots) {
  // Those of functions come after those that only add where the file was loaded, of which there may be
  // millions.
  std::uint64_t count = relocations.size / sizeof(Elf64_Rela);
  std::uint64_t skipped = count - std::min(count, kMaxRelocations);
  std::uint64_t offset = 0;
  if (__builtin_add_overflow(relocations.offset, skipped * sizeof(Elf64_Rela), &offset)) return;
  each_entry<Elf64_Rela>(bytes, offset, count - skipped, [&](const Elf64_Rela& relocation) {
    auto type = ELF64_R_TYPE(relocation.r_info);
    auto symbol = static_cast<std::uint32_t>(ELF64_R_SYM(relocation.r_info));
    bool is_function = type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT;
    if (is_function && symbol != 0) slots.push_back({relocation.r_offset, symbol});
  });
}

// By address.
std::vector<Slot> read_slots(const Elf& elf, const Bytes& bytes, std::size_t dynamic) {
  std::vector<Slot> slots;
  int taken = 0;
  for (const ElfSection& section : elf.sections()) {
    bool fits =
        section.type == SHT_RELA && section.link == dynamic && section.entry_size == sizeof(Elf64_Rela);
    if (fits && taken++ < kMaxSections) add_slots(bytes, section, slots);
  }
  std::ranges::sort(slots, {}, &Slot::address);
  return slots;
}

// The address of the word through which the code jumps first of all.
std::optional<std::uint64_t> jumps_through(std::string_view code, std::uint64_t address) {
  std::size_t skipped = 0;
  auto skip = [&](std::string_view prefix) {
    if (code.substr(skipped).starts_with(prefix)) skipped += prefix.size();
  };
  skip("\xf3\x0f\x1e\xfa");                       // endbr64
  skip("\xf2");                                   // bnd
  constexpr std::string_view kJump = "\xff\x25";  // jmp *DISTANCE(%rip)
  if (!code.substr(skipped).starts_with(kJump)) return std::nullopt;
  skipped += kJump.size();
  std::int32_t distance = 0;
  if (code.size() < skipped + sizeof distance) return std::nullopt;
  std::memcpy(&distance, code.data() + skipped, sizeof distance);
  skipped += sizeof distance;
  return address + skipped + static_cast<std::uint64_t>(std::int64_t{distance});
}

bool has_stubs(const ElfSection& section) {
  return section.type == SHT_PROGBITS && (section.flags & SHF_EXECINSTR) != 0 && section.size <= kMaxCode &&
         (section.name == ".plt" || section.name == ".plt.sec" || section.name == ".plt.got");
}

// With the number of the function's symbol in the place of its name.
void add_stubs(const Bytes& bytes, const ElfSection& section, std::span<const Slot> slots, std::size_t most,
               std::vector<PltStub>& stubs) {
  std::string code;
  code.resize_and_overwrite(section.size,
                            [&](char* to, std::size_t n) { return bytes.read(section.offset, to, n); });
  for (std::uint64_t place = 0; place < code.size() && stubs.size() < most; place += kStep) {
    std::uint64_t address = section.address + place;
    auto word = jumps_through(std::string_view(code).substr(place, kMaxStub), address);
    if (!word) continue;
    auto slot = std::ranges::lower_bound(slots, *word, {}, &Slot::address);
    if (slot == slots.end() || slot->address != *word) continue;
    auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kMaxStub, code.size() - place));
    stubs.push_back({address, size, slot->symbol});
  }
}

// Puts names in the place of symbols' numbers; a stub without one is dropped.
void look_up_names(const Bytes& bytes, const ElfSection& symbols, std::vector<PltStub>& stubs) {
  std::ranges::sort(stubs, {}, &PltStub::name);
  std::uint64_t count = symbols.size / sizeof(Elf64_Sym);
  std::vector<Elf64_Sym> chunk(kChunk / sizeof(Elf64_Sym));
  std::uint64_t first = 0;
  std::size_t have = 0;
  for (PltStub& stub : stubs) {
    std::uint64_t number = std::exchange(stub.name, 0);
    if (number >= count) continue;
    if (number < first || number >= first + have) {
      std::uint64_t offset = 0;
      if (__builtin_add_overflow(symbols.offset, number * sizeof(Elf64_Sym), &offset)) continue;
      std::size_t wanted = std::min<std::uint64_t>(chunk.size(), count - number);
      first = number;
      have = bytes.read(offset, chunk.data(), wanted * sizeof(Elf64_Sym)) / sizeof(Elf64_Sym);
      if (have == 0) continue;
    }
    stub.name = chunk[number - first].st_name;
  }
  std::erase_if(stubs, [](const PltStub& stub) { return stub.name == 0; });
}

}  // namespace

std::vector<PltStub> read_plt(const Elf& elf, const Bytes& bytes, std::size_t most) {
  std::vector<PltStub> stubs;
  const auto& sections = elf.sections();
  auto dynamic = std::ranges::find(sections, std::uint32_t{SHT_DYNSYM}, &ElfSection::type);
  if (dynamic == sections.end() || std::ranges::none_of(sections, has_stubs)) return stubs;
  auto slots = read_slots(elf, bytes, static_cast<std::size_t>(dynamic - sections.begin()));
  if (slots.empty()) return stubs;
  int taken = 0;
  for (const ElfSection& section : sections) {
    if (has_stubs(section) && taken++ < kMaxSections)
      add_stubs(bytes, section, slots, std::min(most, kMaxStubs), stubs);
  }
  look_up_names(bytes, *dynamic, stubs);
  std::ranges::sort(stubs, {}, &PltStub::start);
  for (std::size_t i = 0; i + 1 < stubs.size(); ++i) {
    std::uint64_t room = stubs[i + 1].start - stubs[i].start;
    stubs[i].size = static_cast<std::uint32_t>(std::min<std::uint64_t>(stubs[i].size, room));
  }
  return stubs;
}

}  // namespace weir::profiler
