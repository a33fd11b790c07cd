// The GNU build id of an ELF file.
#pragma once

#include <string>
#include <string_view>

namespace weir::profiler {

// Lower-case hex; "" when the notes have none.
std::string build_id_in_notes(std::string_view notes);
// Of an open file. Reads headers and notes only; "" when it has none or is not a 64-bit ELF file.
std::string read_build_id(int fd);
std::string kernel_build_id();

}  // namespace weir::profiler
