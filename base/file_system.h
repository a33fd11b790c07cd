// Reading and writing whole small files, always with a limit.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace weir {

inline constexpr std::size_t kDefaultReadLimit = 64u << 20;

// The whole file (also of /proc and /sys, whose size is not known beforehand).
// More than `limit` bytes is an error.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = kDefaultReadLimit);

// To the end of what is open; `path` is for the error.
Result<> write_all(const Fd& fd, const std::filesystem::path& path, std::string_view content);

// Replaces the file in one step: writes beside it, syncs, renames over it.
Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace weir
