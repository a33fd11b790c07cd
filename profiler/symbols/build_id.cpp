#include "profiler/symbols/build_id.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "base/file_system.h"

namespace weir::profiler {

namespace {

constexpr std::size_t kMostNotes = 64u << 10;
constexpr std::size_t kMostBuildId = 64;

std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

}  // namespace

std::string build_id_text(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// Notes: name size, content size, type, then both, each padded to four bytes.
std::string build_id_in_notes(std::string_view notes) {
  Elf64_Nhdr note;
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    std::size_t name_size = padded(note.n_namesz);
    if (name_size > notes.size() || note.n_descsz > notes.size() - name_size) return "";
    std::string_view name = notes.substr(0, note.n_namesz);
    std::string_view content = notes.substr(name_size, note.n_descsz);
    if (note.n_type == NT_GNU_BUILD_ID && name == std::string_view("GNU\0", 4) && !content.empty() &&
        content.size() <= kMostBuildId) {
      return build_id_text(content);
    }
    notes.remove_prefix(std::min(notes.size(), name_size + padded(note.n_descsz)));
  }
  return "";
}

std::string kernel_build_id() {
  auto notes = read_file("/sys/kernel/notes", kMostNotes);
  return notes ? build_id_in_notes(*notes) : "";
}

}  // namespace weir::profiler
