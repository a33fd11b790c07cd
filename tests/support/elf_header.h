// The head of an ELF file that a test makes by hand.
#pragma once

#include <elf.h>

#include <cstring>

namespace weir::tests {

// Of this machine's kind; its segments stand right behind it.
inline Elf64_Ehdr elf_header(Elf64_Half type, Elf64_Half segments) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = type;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = segments;
  return header;
}

}  // namespace weir::tests
