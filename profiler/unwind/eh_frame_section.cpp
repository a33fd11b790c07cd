#include "profiler/unwind/eh_frame_section.h"

#include <elf.h>
#include <sys/mman.h>

#include <algorithm>
#include <optional>

namespace weir::profiler {
namespace {

struct Place {
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  EhFrameEnd end = EhFrameEnd::size;
};

bool has_content(const ElfSection& section) {
  return section.type != SHT_NOBITS && (section.flags & SHF_ALLOC) != 0 &&
         (section.flags & SHF_COMPRESSED) == 0 && section.size != 0;
}

std::optional<Place> place_by_section(const Elf& elf) {
  const ElfSection* section = elf.section_named(".eh_frame");
  if (section == nullptr || !has_content(*section)) return std::nullopt;
  return Place{section->offset, section->address, section->size, EhFrameEnd::size};
}

// The rest of the segment that an address lies in.
std::optional<Place> place_by_address(const Elf& elf, std::uint64_t address) {
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_LOAD || address < segment.address) continue;
    std::uint64_t distance = address - segment.address;
    if (distance >= segment.file_size || segment.offset > UINT64_MAX - distance) continue;
    return Place{segment.offset + distance, address, segment.file_size - distance, EhFrameEnd::terminator};
  }
  return std::nullopt;
}

// .eh_frame_hdr: version 1, three encodings, then the address of .eh_frame.
std::optional<Place> place_by_header(const Elf& elf, const Bytes& bytes) {
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_GNU_EH_FRAME) continue;
    std::uint8_t header[16] = {};
    std::size_t size = bytes.read(segment.offset, header, sizeof header);
    if (size < 8 || header[0] != 1) return std::nullopt;
    EhBases bases{&elf, &bytes, header, segment.address, segment.address};
    Cursor in(std::span(header).first(size));
    in.skip(4);
    auto address = read_pointer(in, header[1], bases);
    return address ? place_by_address(elf, *address) : std::nullopt;
  }
  return std::nullopt;
}

// The value of DT_PLTGOT, which is what datarel counts from in .eh_frame; 0 when there is none.
std::uint64_t global_offset_table(const Elf& elf, const Bytes& bytes) {
  constexpr std::size_t kMaxEntries = 256;
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_DYNAMIC) continue;
    Elf64_Dyn entries[kMaxEntries] = {};
    std::size_t size = bytes.read(segment.offset, entries, std::min(segment.file_size, sizeof entries));
    for (const Elf64_Dyn& entry : std::span(entries).first(size / sizeof entries[0]))
      if (entry.d_tag == DT_PLTGOT) return entry.d_un.d_ptr;
  }
  return 0;
}

std::unique_ptr<std::uint8_t[], Unmap> map_pages(std::size_t size) {
  void* data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (data == MAP_FAILED) return {};
  return {static_cast<std::uint8_t*>(data), Unmap{size}};
}

}  // namespace

void Unmap::operator()(std::uint8_t* data) const {
  ::munmap(data, size);
}

Result<EhFrameSection> read_eh_frame_section(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  auto place = place_by_section(elf);
  if (!place) place = place_by_header(elf, bytes);
  EhFrameSection section;
  if (!place || place->offset >= bytes.size()) return section;
  std::uint64_t size = std::min(place->size, bytes.size() - place->offset);
  if (size > byte_limit) return fail(".eh_frame has {} bytes, more than {}", size, byte_limit);
  if (size == 0) return section;
  section.data = map_pages(size);
  if (!section.data) return fail_errno(errno, "memory for {} bytes of .eh_frame", size);
  section.size = bytes.read(place->offset, section.data.get(), size);
  section.end = place->end;
  section.bases = {&elf, &bytes, section.data.get(), place->address, global_offset_table(elf, bytes)};
  return section;
}

}  // namespace weir::profiler
