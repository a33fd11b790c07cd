#include <elf.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "profiler/unwind/cfi_entries.h"
#include "profiler/unwind/cfi_interpreter.h"
#include "profiler/unwind/eh_frame_section.h"
#include "profiler/unwind/table.h"
#include "profiler/unwind/table_builder.h"

namespace weir::profiler {
namespace {

constexpr std::uint64_t kPadding = 16;      // a smaller gap between two functions is alignment
constexpr std::size_t kBytesForRow = 5;     // of .eh_frame; 6 to 10 in real files
constexpr std::size_t kBytesForEntry = 32;  // 36 to 52

struct CodeRange {
  std::uint64_t start = UINT64_MAX;
  std::uint64_t end = 0;

  bool contains(std::uint64_t address) const { return start <= address && address < end; }
};

// From the first executable byte on, as far as a row can say.
CodeRange code_range(const Elf& elf) {
  CodeRange code;
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0 || segment.memory_size == 0) continue;
    std::uint64_t end = 0;
    if (__builtin_add_overflow(segment.address, segment.memory_size, &end)) continue;
    code.start = std::min(code.start, segment.address);
    code.end = std::max(code.end, end);
  }
  if (code.start >= code.end) return {};
  std::uint64_t first_page = code.start >> UNWIND_MOST_PAGE_BITS << UNWIND_MOST_PAGE_BITS;
  if (code.end - first_page > UINT32_MAX) code.end = first_page + UINT32_MAX;
  return code;
}

// By the upper half, a third of it after the other. `spare` is as long as `keys`.
void sort_by_high_word(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& spare) {
  constexpr unsigned kDigitBits = 11;
  constexpr std::size_t kDigits = 1 << kDigitBits;
  for (unsigned shift = 32; shift < 64; shift += kDigitBits) {
    std::array<std::uint32_t, kDigits + 1> places{};
    for (std::uint64_t key : keys) ++places[(key >> shift) % kDigits + 1];
    for (std::size_t digit = 0; digit < kDigits; ++digit) places[digit + 1] += places[digit];
    for (std::uint64_t key : keys) spare[places[(key >> shift) % kDigits]++] = key;
    keys.swap(spare);
  }
}

class EhFrameReader {
 public:
  EhFrameReader(const EhFrameSection& section, CodeRange code, std::size_t byte_limit)
      : section_(section), code_(code), byte_limit_(byte_limit), interpreter_(section.bases) {}

  Result<UnwindTable> read() {
    if (!find_functions() || !sort_functions()) return too_large();
    std::size_t used = section_.size + functions_.capacity() * sizeof functions_[0];
    if (used > byte_limit_) return too_large();
    UnwindTableBuilder table(code_.start, byte_limit_ - used, section_.size / kBytesForRow);
    for (std::size_t i = 0; i < functions_.size(); ++i)
      if (!add_function(i, table)) return too_large();
    return table.take();
  }

 private:
  struct KnownCie {
    std::uint64_t offset = UINT64_MAX;
    std::optional<Cie> cie;
  };

  std::unexpected<Error> too_large() const {
    return fail("the unwind table of {} bytes of .eh_frame needs more than {} bytes", section_.size,
                byte_limit_);
  }

  // Fills functions_; false when that needs too many bytes.
  bool find_functions();
  bool sort_functions();
  bool add_function(std::size_t index, UnwindTableBuilder& table);
  bool remember(std::uint64_t start, std::uint64_t entry);
  const Cie* cie_at(std::uint64_t offset);
  // The function whose entry is at an offset that find_functions has been at.
  std::optional<Fde> fde_at(std::uint64_t offset, const Cie*& cie);

  std::uint64_t first_page() const { return code_.start >> UNWIND_MOST_PAGE_BITS << UNWIND_MOST_PAGE_BITS; }
  std::uint64_t start_of(std::size_t index) const { return first_page() + (functions_[index] >> 32); }

  const EhFrameSection& section_;
  CodeRange code_;
  std::size_t byte_limit_;
  CfiInterpreter interpreter_;
  std::vector<std::uint64_t>
      functions_;                  // distance of the start from the first page << 32 | offset of the FDE
  std::array<KnownCie, 64> cies_;  // at offset / 4 modulo 64
};

const Cie* EhFrameReader::cie_at(std::uint64_t offset) {
  KnownCie& known = cies_[offset / 4 % cies_.size()];
  if (known.offset != offset) {
    known = {offset, std::nullopt};
    Cursor in(section_.bytes().subspan(std::min<std::uint64_t>(offset, section_.size)));
    auto entry = next_entry(in, section_.bytes());
    if (entry && entry->kind == CfiEntry::Kind::cie) known.cie = parse_cie(entry->body, section_.bases);
    if (known.cie) interpreter_.prepare(*known.cie);
  }
  return known.cie ? &*known.cie : nullptr;
}

bool EhFrameReader::remember(std::uint64_t start, std::uint64_t entry) {
  if (functions_.size() == functions_.capacity()) {
    std::size_t wanted = functions_.capacity() * 3 / 2 + 64;
    if (section_.size + (functions_.capacity() + wanted) * sizeof functions_[0] > byte_limit_) return false;
    functions_.reserve(wanted);
  }
  functions_.push_back((start - first_page()) << 32 | entry);
  return true;
}

bool EhFrameReader::find_functions() {
  if (section_.size > UINT32_MAX) return false;
  functions_.reserve(
      std::min(section_.size / kBytesForEntry, (byte_limit_ - section_.size) / sizeof functions_[0]));
  Cursor in(section_.bytes());
  while (!in.done()) {
    auto offset = static_cast<std::uint64_t>(in.at() - section_.data.get());
    auto entry = next_entry(in, section_.bytes());
    if (!entry) break;
    if (entry->kind == CfiEntry::Kind::zero && section_.end == EhFrameEnd::terminator) break;
    if (entry->kind != CfiEntry::Kind::fde) continue;
    const Cie* cie = cie_at(entry->cie);
    auto fde = cie == nullptr ? std::nullopt : parse_fde(entry->body, *cie, section_.bases);
    // What a linker threw away has its start at 0.
    if (!fde || fde->size == 0 || !code_.contains(fde->start)) continue;
    if (!remember(fde->start, offset)) return false;
  }
  return true;
}

bool EhFrameReader::sort_functions() {
  auto less = [](std::uint64_t a, std::uint64_t b) { return a >> 32 < b >> 32; };
  if (std::is_sorted(functions_.begin(), functions_.end(), less)) return true;
  std::size_t used = section_.size + (functions_.capacity() + functions_.size()) * sizeof functions_[0];
  if (used > byte_limit_) return false;
  std::vector<std::uint64_t> spare(functions_.size());
  sort_by_high_word(functions_, spare);
  return true;
}

std::optional<Fde> EhFrameReader::fde_at(std::uint64_t offset, const Cie*& cie) {
  Cursor in(section_.bytes().subspan(offset));
  auto entry = next_entry(in, section_.bytes());
  if (!entry) return std::nullopt;
  cie = cie_at(entry->cie);
  return cie == nullptr ? std::nullopt : parse_fde(entry->body, *cie, section_.bases);
}

// Where two functions overlap, the one that starts later holds, as for whoever searches .eh_frame_hdr.
bool EhFrameReader::add_function(std::size_t index, UnwindTableBuilder& table) {
  std::uint64_t next = index + 1 < functions_.size() ? start_of(index + 1) : UINT64_MAX;
  const Cie* cie = nullptr;
  auto fde = fde_at(functions_[index] & UINT32_MAX, cie);
  if (!fde) return true;
  std::uint64_t end = fde->size > code_.end - fde->start ? code_.end : fde->start + fde->size;
  std::uint64_t limit = std::min(end, next);
  if (limit > fde->start && !interpreter_.run(*cie, *fde, limit, table)) return false;
  if (next != UINT64_MAX && (next < end || next - end < kPadding)) return true;
  return table.add(static_cast<std::uint32_t>(end - table.base()), {});
}

bool is_for_this_machine(const Bytes& bytes) {
  Elf64_Half machine = EM_NONE;
  return bytes.read_all(offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine) && machine == EM_X86_64;
}

}  // namespace

Result<UnwindTable> read_eh_frame(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  CodeRange code = code_range(elf);
  if (code.end == 0 || !is_for_this_machine(bytes)) return UnwindTable{};
  auto section = read_eh_frame_section(elf, bytes, byte_limit);
  if (!section) return fail(section.error());
  if (section->size == 0) return UnwindTable{};
  return std::make_unique<EhFrameReader>(*section, code, byte_limit)->read();
}

}  // namespace weir::profiler
