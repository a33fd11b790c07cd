#include "profiler/unwind/table.h"

namespace weir::profiler {

Result<UnwindTable> read_unwind_table(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  return read_eh_frame(elf, bytes, byte_limit);
}

}  // namespace weir::profiler
