// Any bytes are a program whose Go table can be asked for names and rows, or has none.
#include <cstdint>
#include <cstdlib>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/gopclntab.h"
#include "profiler/unwind/table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  constexpr std::size_t kLimit = 1 << 20;
  // Functions: each may take a million steps, twice, and all are read alike.
  constexpr std::uint32_t kAsked = 2;
  MemoryBytes bytes(std::span(reinterpret_cast<const char*>(data), size));
  auto elf = Elf::read(bytes);
  if (!elf) return 0;
  auto table = GoTable::read(*elf, bytes, kLimit);
  if (!table) return 0;
  if (table->bytes() > kLimit) std::abort();
  for (std::uint32_t i = 0; i < table->size() && i < kAsked; ++i) {
    if (table->start(i) > table->end(i)) std::abort();
    if (table->start(i) == table->end(i)) continue;
    auto found = table->find(table->start(i));
    if (!found || *found != i) std::abort();
    (void)table->lines(table->start(i), bytes);
    (void)table->lines(table->end(i) - 1, bytes);
  }
  auto rows = read_go_frames(*elf, bytes, kLimit);
  if (!rows) return 0;
  if (rows->bytes() > kLimit + sizeof(unwind_rule) * rows->distinct.size()) std::abort();
  for (std::size_t i = 1; i < rows->rows(); ++i)
    if (rows->starts[i] <= rows->starts[i - 1]) std::abort();
  return 0;
}
