// Puts an UnwindTable into the kernel's memory, in the shape of bpf/unwind.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "profiler/unwind/arena.h"
#include "profiler/unwind/table.h"

namespace weir::profiler {

// A table as it lies in an arena; whoever has it frees it.
struct WrittenTable {
  std::uint64_t base = 0;   // virtual address of the first page, as the file counts it
  std::uint32_t pages = 0;  // address of the first struct unwind_page; 0: the table has no rows
  std::uint16_t count = 0;  // of pages
  std::uint8_t page_bits = 0;
  std::vector<std::uint32_t> objects;
};

// The size of a table's pages, as a power of two.
std::uint8_t page_bits_of(const UnwindTable& table);
// How much of the arena a table takes at most; hardly ever less.
std::size_t written_bytes(const UnwindTable& table);
// Fails when the kernel has no memory, or the code is spread over more than 2 GiB.
Result<WrittenTable> write_table(Arena& arena, const UnwindTable& table);
// Nothing must point there any more.
void free_table(Arena& arena, WrittenTable& written);

}  // namespace weir::profiler
