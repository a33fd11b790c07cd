// Names of places in code, as every form of output writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profile/frame.h"

namespace weir::profile {

inline constexpr std::string_view kKernelFile = "[kernel]";
inline constexpr std::string_view kUnknownName = "[unknown]";

std::string_view base_name(std::string_view path);

// Base name of the file the frame's code is mapped from; "[kernel]" for the
// kernel, empty when nothing is known.
std::string_view module_name(const Frame& frame, const std::vector<Mapping>& mappings);

// "libc.so.6+0x1234", or "[unknown]" without a module.
std::string place_name(std::string_view module, std::uint64_t address);

}  // namespace weir::profile
