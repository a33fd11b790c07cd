// UnwindTable: how to get from a place in a file's code to the caller's frame,
// as rows of rules (bpf/unwind.h). Made from .eh_frame, for Go from .gopclntab.
// The bytes are somebody else's: every count and offset is checked.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "bpf/unwind.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

// In columns, as they are sorted and written to the kernel. A row holds until
// the next one; a gap between two functions has a row of its own, whose rule is
// UNWIND_CFA_INVALID. 6 bytes a row.
struct UnwindTable {
  std::uint64_t base = 0;             // virtual address as the file counts it, a multiple of 64 KiB
  std::vector<std::uint32_t> starts;  // from base; ascending, distinct
  std::vector<std::uint16_t> rules;   // of each row: index into distinct
  std::vector<unwind_rule> distinct;

  std::size_t rows() const { return starts.size(); }
  std::size_t bytes() const;
  // The rule at a virtual address; INVALID outside.
  unwind_rule find(std::uint64_t address) const;
};

// From .eh_frame (found by its section, else through PT_GNU_EH_FRAME). A file
// without one gives a table without rows; one that would need more than
// `byte_limit` bytes while it is made is an error.
Result<UnwindTable> read_eh_frame(const Elf& elf, const Bytes& bytes, std::size_t byte_limit);

// From a Go program's .gopclntab: the distance between stack pointer and frame
// at each place. Functions that switch stacks follow the frame pointer.
Result<UnwindTable> read_go_frames(const Elf& elf, const Bytes& bytes, std::size_t byte_limit);

// Both, where a file has both (cgo): the one that covers an address.
Result<UnwindTable> read_unwind_table(const Elf& elf, const Bytes& bytes, std::size_t byte_limit);

}  // namespace weir::profiler
