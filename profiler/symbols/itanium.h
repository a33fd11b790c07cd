// C++ names (the Itanium ABI), over LLVM's parser.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiler/session.h"

namespace weir::profiler {

// `name` begins with _Z. Nothing when it cannot be read or would be too long.
std::optional<std::string> demangle_itanium(std::string_view name, Demangle mode);

}  // namespace weir::profiler
