// Stubs of a file's procedure linkage table: no symbol names them, but each
// jumps through a word into which the loader puts one function's address.
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

struct PltStub {
  std::uint64_t start = 0;  // virtual address
  std::uint32_t size = 0;
  std::uint32_t name = 0;  // of the function, in the string table of .dynsym
};

// The first `most` of x86-64, by start; none where what describes them is broken.
std::vector<PltStub> read_plt(const Elf& elf, const Bytes& bytes, std::size_t most);

}  // namespace weir::profiler
