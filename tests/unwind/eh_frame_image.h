// An ELF file made by hand around the bytes of an .eh_frame.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "tests/support/elf_header.h"

namespace weir::profiler {

constexpr std::uint64_t kCode = 0x10000;  // address of its code
constexpr std::uint64_t kCodeSize = 0x800000;
constexpr std::uint64_t kFrame = 0x1000;  // offset and address of .eh_frame
constexpr std::uint64_t kHeader = 0x800;  // of .eh_frame_hdr
constexpr std::uint64_t kNames = 0x700;
constexpr std::uint64_t kSections = 0x600;

// How a reader finds it.
enum class Found : std::uint8_t { by_section, by_header };

inline void put_bytes(std::string& image, std::uint64_t at, const void* data, std::size_t size) {
  std::memcpy(image.data() + at, data, size);
}

// A file whose code segment has no bytes of its own: only its addresses count.
inline std::string image_around(std::span<const std::uint8_t> eh_frame, Found found) {
  std::size_t size = eh_frame.size();
  std::string image(kFrame + size, '\0');
  Elf64_Ehdr header = tests::elf_header(ET_DYN, 3);
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
  put_bytes(image, 0, &header, sizeof header);
  put_bytes(image, header.e_phoff, segments, sizeof segments);
  put_bytes(image, kSections, sections, sizeof sections);
  put_bytes(image, kNames, names, sizeof names);
  put_bytes(image, kHeader, eh_header, sizeof eh_header);
  put_bytes(image, kHeader + sizeof eh_header, &distance, sizeof distance);
  put_bytes(image, kFrame, eh_frame.data(), size);
  return image;
}

}  // namespace weir::profiler
