// Any bytes are an ELF file whose unwind table keeps its promises, or an error. The first byte
// chooses: the bytes are a whole file, or an .eh_frame put into one that is in order, found by its
// section or through .eh_frame_hdr.
#include <elf.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/unwind/table.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kLimit = 4 << 20;
constexpr std::uint64_t kCode = 0x10000;
constexpr std::uint64_t kCodeSize = 0x20000;
constexpr std::uint64_t kFrame = 0x1000;  // offset and address of .eh_frame
constexpr std::uint64_t kHeader = 0x800;  // of .eh_frame_hdr
constexpr std::uint64_t kNames = 0x700;
constexpr std::uint64_t kSections = 0x600;

enum class Found : std::uint8_t { by_section, by_header };

void put(std::string& image, std::uint64_t at, const void* data, std::size_t size) {
  std::memcpy(image.data() + at, data, size);
}

// A file whose code segment has no bytes of its own: only its addresses count.
std::string image_around(const std::uint8_t* data, std::size_t size, Found found) {
  std::string image(kFrame + size, '\0');
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 3;
  Elf64_Phdr segments[] = {
      {PT_LOAD, PF_R, 0, 0, 0, image.size(), image.size(), 0x1000},
      {PT_LOAD, PF_R | PF_X, 0, kCode, kCode, 0, kCodeSize, 0x1000},
      {PT_GNU_EH_FRAME, PF_R, kHeader, kHeader, kHeader, 12, 12, 4},
  };
  // Version 1; the address is four bytes, from where it stands; no table.
  const std::uint8_t eh_header[] = {1, 0x1b, 0xff, 0xff};
  std::int32_t distance = kFrame - kHeader - sizeof eh_header;
  const char names[] = "\0.eh_frame";
  Elf64_Shdr sections[3] = {};
  sections[1] = {0, SHT_STRTAB, 0, 0, kNames, sizeof names, 0, 0, 1, 0};
  sections[2] = {1, SHT_PROGBITS, SHF_ALLOC, kFrame, kFrame, size, 0, 0, 8, 0};
  if (found == Found::by_section) {
    header.e_shoff = kSections;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 3;
    header.e_shstrndx = 1;
  }
  put(image, 0, &header, sizeof header);
  put(image, header.e_phoff, segments, sizeof segments);
  put(image, kSections, sections, sizeof sections);
  put(image, kNames, names, sizeof names);
  put(image, kHeader, eh_header, sizeof eh_header);
  put(image, kHeader + sizeof eh_header, &distance, sizeof distance);
  put(image, kFrame, data, size);
  return image;
}

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const UnwindTable& table) {
  require(table.starts.size() == table.rules.size());
  require(table.bytes() <= kLimit);
  require(table.base % (1 << UNWIND_PAGE_BITS) == 0);
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
  auto table = read_unwind_table(*elf, bytes, kLimit);
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
    std::string image = image_around(data, size, choice % 4 == 1 ? Found::by_header : Found::by_section);
    read(MemoryBytes(image));
  }
  return 0;
}
