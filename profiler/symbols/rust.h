// Rust names: the older form (a C++ name that ends with a hash) and v0 (_R…).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiler/session.h"

namespace weir::profiler {

// Nothing when it is no name of that form, or would be too long.
std::optional<std::string> demangle_rust_legacy(std::string_view name);
std::optional<std::string> demangle_rust_v0(std::string_view name, Demangle mode);

}  // namespace weir::profiler
