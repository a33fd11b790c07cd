// Reading and writing whole small files, always with a limit.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace weir {

inline constexpr std::size_t kDefaultReadLimit = 64u << 20;

// The whole file (also of /proc and /sys, whose size is not known beforehand).
// More than `limit` bytes is an error.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = kDefaultReadLimit);
// A file that somebody names in a config: a pipe, a device or a folder at that path is an error that says
// so, not a wait or a read without end.
Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t limit);

// Another once the file has been written, replaced, made or removed: when it was written last, and its size.
std::string file_stamp(const std::filesystem::path& path);

// To the end of what is open; `path` is for the error.
Result<> write_all(const Fd& fd, const std::filesystem::path& path, std::string_view content);

struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
};

// Replaces the file in one step: writes beside it, syncs, renames over it. A file that is there keeps its
// rights and, where that is allowed, its owner; nobody sees it with others. `owner` is whose it shall be
// if it can be. A link is replaced itself: in a folder of everybody's it may lead anywhere.
Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                               std::optional<FileOwner> owner = std::nullopt);

}  // namespace weir
