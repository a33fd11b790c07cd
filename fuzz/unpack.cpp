// Any bytes are a compressed section (the first byte: its flags) and an .xz stream, or neither. What
// comes out is within its limit, and read as the ELF file that it should be.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "profiler/symbols/symbol_table.h"
#include "profiler/symbols/unpack.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kLimit = 256u << 10;  // a few times what an input has

void read_as_elf(const Result<std::string>& content) {
  if (!content) return;
  if (content->size() > kLimit) std::abort();
  auto bytes = std::make_shared<OwnedBytes>(*content);
  auto elf = Elf::read(*bytes);
  if (!elf) return;
  (void)read_mini_debug_info(*elf, *bytes);
  auto symbols = SymbolTable::read({{{&*elf, bytes}}}, kLimit);
  if (symbols && symbols->size() > 0) (void)symbols->name(0);
}

}  // namespace
}  // namespace weir::profiler

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  ElfSection section{.type = 1, .flags = std::uint64_t{data[0]} << 8, .size = text.size()};
  read_as_elf(read_section(MemoryBytes(text), section, kLimit));
  read_as_elf(unpack_xz(text, kLimit));
  return 0;
}
