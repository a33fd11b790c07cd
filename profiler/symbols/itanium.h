// C++ names (the Itanium ABI).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiler/session.h"

namespace weir::profiler {

// Names that begin with _Z, and what compilers make of them. Nothing when it is
// none, cannot be read or would be too long. What follows the name is not looked at.
std::optional<std::string> demangle_itanium(std::string_view name, Demangle mode);

}  // namespace weir::profiler
