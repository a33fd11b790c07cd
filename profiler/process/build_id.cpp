#include "profiler/process/build_id.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/file_system.h"

namespace weir::profiler {

namespace {

constexpr std::size_t kMostNotes = 64u << 10;

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

std::string kernel_build_id() {
  auto notes = read_file("/sys/kernel/notes", kMostNotes);
  return notes ? build_id_in_notes(*notes) : "";
}

}  // namespace weir::profiler
