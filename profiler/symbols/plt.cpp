#include "profiler/symbols/plt.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <unordered_map>

namespace weir::profiler {
namespace {

constexpr std::size_t kMaxCode = 4u << 20;            // of a section of stubs
constexpr std::size_t kMaxSymbolBytes = 16u << 20;    // of .dynsym
constexpr std::uint64_t kMaxRelocations = 64u << 10;  // of a section
constexpr std::size_t kMaxStubs = 64u << 10;
constexpr int kMaxSections = 4;  // of a kind; a linker writes two or three
constexpr std::uint32_t kMaxStub = 16;
constexpr std::uint64_t kStep = 8;  // stubs begin at multiples of it

// Names by the address of the word that a stub jumps through.
using Slots = std::unordered_map<std::uint64_t, std::uint32_t>;

std::string read_all(const Bytes& bytes, std::uint64_t offset, std::uint64_t size) {
  std::string content;
  content.resize_and_overwrite(size, [&](char* to, std::size_t n) { return bytes.read(offset, to, n); });
  return content;
}

template <class T>
T at(const std::string& content, std::size_t index) {
  T value;
  std::memcpy(&value, content.data() + index * sizeof(T), sizeof(T));
  return value;
}

void add_slots(const Bytes& bytes, const ElfSection& relocations, const std::string& symbols, Slots& slots) {
  // Those of functions come after those that only add where the file was loaded, of which there may be
  // millions.
  std::uint64_t count = relocations.size / sizeof(Elf64_Rela);
  std::uint64_t skipped = count - std::min(count, kMaxRelocations);
  std::uint64_t offset = 0;
  if (__builtin_add_overflow(relocations.offset, skipped * sizeof(Elf64_Rela), &offset)) return;
  std::string content = read_all(bytes, offset, (count - skipped) * sizeof(Elf64_Rela));
  for (std::size_t i = 0; i < content.size() / sizeof(Elf64_Rela); ++i) {
    auto relocation = at<Elf64_Rela>(content, i);
    auto type = ELF64_R_TYPE(relocation.r_info);
    std::uint64_t symbol = ELF64_R_SYM(relocation.r_info);
    bool is_function = type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT;
    if (!is_function || symbol == 0 || symbol >= symbols.size() / sizeof(Elf64_Sym)) continue;
    if (std::uint32_t name = at<Elf64_Sym>(symbols, symbol).st_name; name != 0)
      slots.try_emplace(relocation.r_offset, name);
  }
}

Slots read_slots(const Elf& elf, const Bytes& bytes) {
  Slots slots;
  const auto& sections = elf.sections();
  auto dynamic = std::ranges::find(sections, std::uint32_t{SHT_DYNSYM}, &ElfSection::type);
  if (dynamic == sections.end() || dynamic->size > kMaxSymbolBytes) return slots;
  std::string symbols = read_all(bytes, dynamic->offset, dynamic->size);
  auto number = static_cast<std::uint32_t>(dynamic - sections.begin());
  int taken = 0;
  for (const ElfSection& section : sections) {
    bool fits =
        section.type == SHT_RELA && section.link == number && section.entry_size == sizeof(Elf64_Rela);
    if (fits && taken++ < kMaxSections) add_slots(bytes, section, symbols, slots);
  }
  return slots;
}

// The address of the word through which the code jumps first of all.
std::optional<std::uint64_t> jumps_through(const std::string& code, std::size_t place,
                                           std::uint64_t address) {
  std::string_view rest = std::string_view(code).substr(place);
  std::size_t skipped = 0;
  auto skip = [&](std::string_view prefix) {
    if (rest.substr(skipped).starts_with(prefix)) skipped += prefix.size();
  };
  skip("\xf3\x0f\x1e\xfa");                       // endbr64
  skip("\xf2");                                   // bnd
  constexpr std::string_view kJump = "\xff\x25";  // jmp *DISTANCE(%rip)
  if (!rest.substr(skipped).starts_with(kJump)) return std::nullopt;
  skipped += kJump.size();
  std::int32_t distance = 0;
  if (rest.size() < skipped + sizeof distance) return std::nullopt;
  std::memcpy(&distance, rest.data() + skipped, sizeof distance);
  skipped += sizeof distance;
  return address + skipped + static_cast<std::uint64_t>(std::int64_t{distance});
}

bool has_stubs(const ElfSection& section) {
  return section.type == SHT_PROGBITS && (section.flags & SHF_EXECINSTR) != 0 && section.size <= kMaxCode &&
         (section.name == ".plt" || section.name == ".plt.sec" || section.name == ".plt.got");
}

}  // namespace

std::vector<PltStub> read_plt(const Elf& elf, const Bytes& bytes) {
  std::vector<PltStub> stubs;
  if (std::ranges::none_of(elf.sections(), has_stubs)) return stubs;
  Slots slots = read_slots(elf, bytes);
  if (slots.empty()) return stubs;
  int taken = 0;
  for (const ElfSection& section : elf.sections()) {
    if (!has_stubs(section) || taken++ >= kMaxSections) continue;
    std::string code = read_all(bytes, section.offset, section.size);
    for (std::uint64_t place = 0; place < code.size() && stubs.size() < kMaxStubs; place += kStep) {
      auto slot = jumps_through(code, place, section.address + place);
      auto name = slot ? slots.find(*slot) : slots.end();
      if (name == slots.end()) continue;
      auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kMaxStub, code.size() - place));
      stubs.push_back({section.address + place, size, name->second});
    }
  }
  std::ranges::sort(stubs, {}, &PltStub::start);
  for (std::size_t i = 0; i + 1 < stubs.size(); ++i) {
    std::uint64_t room = stubs[i + 1].start - stubs[i].start;
    stubs[i].size = static_cast<std::uint32_t>(std::min<std::uint64_t>(stubs[i].size, room));
  }
  return stubs;
}

}  // namespace weir::profiler
