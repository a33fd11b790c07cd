// Reading a file that somebody names in a config: a pipe, a device or a folder
// at that path is an error that says so, not a read without end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace weir {

// More than `limit` bytes is an error.
Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace weir
