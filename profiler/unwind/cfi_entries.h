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
  CfiState initial;  // after its instructions
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
std::optional<CfiEntry> next_entry(Cursor& in, std::span<const std::uint8_t> section);

// Nothing for a version or an augmentation that we cannot read. `initial` is not computed.
std::optional<Cie> parse_cie(Cursor body, const EhBases& bases);

std::optional<Fde> parse_fde(Cursor body, const Cie& cie, const EhBases& bases);

}  // namespace weir::profiler
