// Any bytes are an ELF file whose symbols can be asked for, or an error. (What the demanglers make of
// names has a target of its own.)
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/symbol_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  constexpr std::size_t kLimit = 1 << 20;
  auto bytes = std::make_shared<MemoryBytes>(std::span(reinterpret_cast<const char*>(data), size));
  auto elf = Elf::read(*bytes);
  if (!elf) return 0;
  if (elf->build_id().size() > 128) std::abort();
  auto symbols = SymbolTable::read({{{&*elf, bytes}}}, kLimit);
  if (!symbols) return 0;
  if (symbols->bytes() > kLimit) std::abort();
  std::uint32_t few = static_cast<std::uint32_t>(symbols->size() < 64 ? symbols->size() : 64);
  for (std::uint32_t i = 0; i < few; ++i) (void)symbols->name(i);
  for (const ElfSegment& segment : elf->segments()) {
    if (auto address = elf->address_of(segment.offset)) (void)symbols->find(*address);
  }
  return 0;
}
