// GoModule: what the linker tells the runtime of a Go program about it, as far
// as .gopclntab needs it. Its layout has not moved since Go 1.18 but for two fields.
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/go_layout.h"

namespace weir::profiler {

struct GoModule {
  std::uint64_t text = 0;     // address of the first byte of Go code
  std::uint64_t inlined = 0;  // address that trees of inlined calls are counted from

  // `table`: address of .gopclntab, with which the description begins. `first`: of the first function, from
  // text.
  static std::optional<GoModule> find(const Elf& elf, const Bytes& bytes, std::uint64_t table,
                                      GoFormat format, std::uint64_t first);
};

// Where the byte at a virtual address lies in the file.
std::optional<std::uint64_t> file_offset_of(const Elf& elf, std::uint64_t address);

}  // namespace weir::profiler
