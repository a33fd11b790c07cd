// GNU build ids in notes, as ELF files and the kernel have them.
#pragma once

#include <string>
#include <string_view>

namespace weir::profiler {

// Lower-case hex; "" when there is none among the notes.
std::string build_id_in_notes(std::string_view notes);
// The same spelling of a build id's bytes.
std::string build_id_text(std::string_view bytes);
// Of the running kernel.
std::string kernel_build_id();

}  // namespace weir::profiler
