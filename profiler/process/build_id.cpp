#include "profiler/process/build_id.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/file_system.h"

namespace weir::profiler {

namespace {

constexpr std::size_t kMostNotes = 64u << 10;
constexpr std::size_t kMostHeaders = 128;

template <class T>
bool read_at(int fd, std::uint64_t offset, T& value) {
  return pread(fd, &value, sizeof value, static_cast<off_t>(offset)) == static_cast<ssize_t>(sizeof value);
}

std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

}  // namespace

std::string build_id_in_notes(std::string_view notes) {
  Elf64_Nhdr note;
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    std::size_t name_size = padded(note.n_namesz);
    std::size_t value_size = padded(note.n_descsz);
    if (name_size > notes.size() || note.n_descsz > notes.size() - name_size) return "";
    if (note.n_type == NT_GNU_BUILD_ID && notes.substr(0, note.n_namesz) == std::string_view("GNU\0", 4)) {
      std::string hex;
      for (unsigned char byte : notes.substr(name_size, note.n_descsz)) hex += fmt::format("{:02x}", byte);
      return hex;
    }
    notes.remove_prefix(std::min(notes.size(), name_size + value_size));
  }
  return "";
}

std::string read_build_id(int fd) {
  Elf64_Ehdr header;
  if (!read_at(fd, 0, header)) return "";
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return "";
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return "";
  for (std::size_t i = 0; i < std::min<std::size_t>(header.e_phnum, kMostHeaders); ++i) {
    Elf64_Phdr segment;
    if (!read_at(fd, header.e_phoff + i * sizeof segment, segment)) return "";
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMostNotes) continue;
    std::string notes(segment.p_filesz, '\0');
    ssize_t got = pread(fd, notes.data(), notes.size(), static_cast<off_t>(segment.p_offset));
    if (got != static_cast<ssize_t>(notes.size())) continue;
    if (auto id = build_id_in_notes(notes); !id.empty()) return id;
  }
  return "";
}

std::string kernel_build_id() {
  auto notes = read_file("/sys/kernel/notes", kMostNotes);
  return notes ? build_id_in_notes(*notes) : "";
}

}  // namespace weir::profiler
