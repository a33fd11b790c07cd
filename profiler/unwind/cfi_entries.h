// The entries of .eh_frame: CIEs (what many functions share) and FDEs (one
// function each). Views into the section; nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "profiler/unwind/cfi_state.h"
#include "profiler/unwind/eh_encoding.h"
#include "profiler/unwind/eh_frame_section.h"

namespace weir::profiler {

struct Cie {
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  std::uint64_t return_address = kRip;
  std::uint8_t pointers = 0;  // encoding of what its FDEs cover
  FrameKind kind = FrameKind::function;
  enum class Augmentation : std::uint8_t { absent, sized } augmentation = Augmentation::absent;
  std::span<const std::uint8_t> instructions;
  CfiState initial;                 // after its instructions
  std::optional<PlainState> plain;  // the same, where it can be followed as such
};

struct Fde {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  Cursor instructions{{}};
};

// One entry: its length, and where it leads.
struct CfiEntry {
  enum class Kind : std::uint8_t { cie, fde, zero };
  Kind kind = Kind::zero;
  Cursor body{{}};        // after the CIE pointer
  std::uint64_t cie = 0;  // of an FDE: offset of its CIE
};

// The entry at the cursor, which moves past it. Nothing when the bytes are no entry.
// The length is 32 bits, or 64 after 0xffffffff; the CIE pointer has 32 in both (unlike
// in .debug_frame). It counts back from itself.
inline std::optional<CfiEntry> next_entry(Cursor& in, std::span<const std::uint8_t> section) {
  std::uint64_t length = in.fixed<std::uint32_t>();
  if (length == 0xffffffff) length = in.fixed<std::uint64_t>();
  if (!in.ok()) return std::nullopt;
  CfiEntry entry;
  if (length == 0) return entry;
  Cursor body = in.take(length);
  if (!in.ok()) return std::nullopt;
  auto here = static_cast<std::uint64_t>(body.at() - section.data());
  std::uint32_t pointer = body.fixed<std::uint32_t>();
  if (!body.ok() || pointer > here) return std::nullopt;
  entry.kind = pointer == 0 ? CfiEntry::Kind::cie : CfiEntry::Kind::fde;
  entry.cie = here - pointer;
  entry.body = body;
  return entry;
}

// Nothing for a version or an augmentation that we cannot read. `initial` and `plain` are not computed.
std::optional<Cie> parse_cie(Cursor body, const EhBases& bases);

[[gnu::always_inline]] inline std::optional<Fde> parse_fde(Cursor body, const Cie& cie,
                                                           const EhBases& bases) {
  Fde fde;
  auto start = read_pointer(body, cie.pointers, bases);
  if (!start) return std::nullopt;
  auto size = read_pointer_value(body, cie.pointers);
  if (!size) return std::nullopt;
  if (cie.augmentation == Cie::Augmentation::sized) body.skip(body.uleb());
  if (!body.ok()) return std::nullopt;
  fde.start = *start;
  fde.size = *size;
  fde.instructions = body;
  return fde;
}

}  // namespace weir::profiler
