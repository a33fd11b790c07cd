// Files of the distribution to read, tools to compare with, ELF images made by hand.
#pragma once

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "tests/support/elf_header.h"
#include "tests/support/temp_dir.h"

namespace weir::profiler {

// Those of these that are on this machine.
inline std::vector<std::string> distribution_files() {
  std::vector<std::string> found;
  for (const char* path :
       {"/proc/self/exe", "/usr/bin/python3.11", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
        "/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6",
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib/aarch64-linux-gnu/libstdc++.so.6"}) {
    if (::access(path, R_OK) == 0) found.emplace_back(path);
  }
  return found;
}

inline std::string run(const std::string& command) {
  std::unique_ptr<FILE, decltype(&::pclose)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string output;
  char chunk[65536];
  while (std::size_t n = std::fread(chunk, 1, sizeof chunk, pipe.get())) output.append(chunk, n);
  return output;
}

inline Fd file_of(std::string_view content) {
  Fd fd(::memfd_create("test", MFD_CLOEXEC));
  while (!content.empty()) {
    ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n <= 0) break;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

inline std::string content_of(const std::string& path, std::size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content(limit, '\0');
  std::size_t have = 0;
  // Files of /proc come a page at a time.
  for (ssize_t n = 1; n > 0 && have < limit; have += static_cast<std::size_t>(n))
    n = std::max<ssize_t>(0, ::read(fd.get(), content.data() + have, limit - have));
  content.resize(have);
  return content;
}

struct ImageSymbol {
  const char* name;
  std::uint64_t address;
  std::uint64_t size;
  unsigned char type = STT_FUNC;
  unsigned char binding = STB_GLOBAL;
};

// An executable with one code segment and section [0x401000, 0x402000) that
// begins at file offset 0x1000, a build id 0102…14, and these symbols.
inline std::string make_image(const std::vector<ImageSymbol>& symbols) {
  std::string strings(1, '\0');
  std::vector<Elf64_Sym> table(1);
  for (const ImageSymbol& s : symbols) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(strings.size());
    symbol.st_info = static_cast<unsigned char>(ELF64_ST_INFO(s.binding, s.type));
    symbol.st_shndx = 1;
    symbol.st_value = s.address;
    symbol.st_size = s.size;
    table.push_back(symbol);
    strings.append(s.name).push_back('\0');
  }
  struct {
    Elf64_Nhdr header{4, 20, NT_GNU_BUILD_ID};
    char name[4] = {'G', 'N', 'U', 0};
    char id[20];
  } note;
  for (int i = 0; i < 20; ++i) note.id[i] = static_cast<char>(i + 1);

  constexpr std::uint64_t kNote = 0x200;
  constexpr std::uint64_t kTables = 0x2000;
  std::uint64_t strings_at = kTables + table.size() * sizeof(Elf64_Sym);
  std::uint64_t sections_at = (strings_at + strings.size() + 7) & ~std::uint64_t{7};
  Elf64_Ehdr header = tests::elf_header(ET_EXEC, 2);
  header.e_shoff = sections_at;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 4;
  Elf64_Phdr segments[2] = {
      {PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0x401000, 0x1000, 0x1000, 0x1000},
      {PT_NOTE, PF_R, kNote, 0, 0, sizeof note, sizeof note, 4},
  };
  Elf64_Shdr sections[4] = {};
  sections[1] = {0, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x401000, 0x1000, 0x1000, 0, 0, 16, 0};
  sections[2] = {0, SHT_SYMTAB, 0, 0, kTables, table.size() * sizeof(Elf64_Sym), 3, 0, 8, sizeof(Elf64_Sym)};
  sections[3] = {0, SHT_STRTAB, 0, 0, strings_at, strings.size(), 0, 0, 1, 0};

  std::string image(sections_at + sizeof sections, '\0');
  auto put = [&](std::uint64_t at, const void* data, std::size_t size) {
    std::memcpy(image.data() + at, data, size);
  };
  put(0, &header, sizeof header);
  put(header.e_phoff, segments, sizeof segments);
  put(kNote, &note, sizeof note);
  put(kTables, table.data(), table.size() * sizeof(Elf64_Sym));
  put(strings_at, strings.data(), strings.size());
  put(sections_at, sections, sizeof sections);
  return image;
}

}  // namespace weir::profiler
