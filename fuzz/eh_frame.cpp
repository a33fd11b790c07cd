// Any bytes are an ELF file whose unwind table keeps its promises, or an error. The first byte
// chooses: the bytes are a whole file, or an .eh_frame put into one that is in order, found by its
// section or through .eh_frame_hdr.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/unwind/table.h"
#include "tests/unwind/eh_frame_image.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kLimit = 4 << 20;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const UnwindTable& table) {
  require(table.starts.size() == table.rules.size());
  require(table.bytes() <= kLimit);
  require(table.base % (1 << UNWIND_MOST_PAGE_BITS) == 0);
  require(table.distinct.size() <= UNWIND_RULES);
  for (std::size_t i = 0; i < table.rows(); ++i) {
    require(table.rules[i] < table.distinct.size());
    if (i > 0) require(table.starts[i] > table.starts[i - 1]);
    if (i > 0) require(table.rules[i] != table.rules[i - 1]);
    unwind_rule rule = table.find(table.base + table.starts[i]);
    require(std::memcmp(&rule, &table.distinct[table.rules[i]], sizeof rule) == 0);
  }
  if (table.rows() > 0) require(table.find(table.base + UINT32_MAX).cfa == UNWIND_CFA_INVALID);
}

void read(const Bytes& bytes) {
  auto elf = Elf::read(bytes);
  if (!elf) return;
  auto table = read_eh_frame(*elf, bytes, kLimit);
  if (table) check(*table);
}

}  // namespace
}  // namespace weir::profiler

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  if (size == 0) return 0;
  std::uint8_t choice = *data++;
  --size;
  if (choice % 4 == 0) {
    read(MemoryBytes(std::span(reinterpret_cast<const char*>(data), size)));
  } else {
    std::string image = image_around({data, size}, choice % 4 == 1 ? Found::by_header : Found::by_section);
    read(MemoryBytes(image));
  }
  return 0;
}
