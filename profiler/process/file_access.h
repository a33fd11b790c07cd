// Opening files that other processes show us. They choose what lies at a path:
// a link out of their root, a FIFO, a device, a file of /proc with side effects.
// We open regular files and nothing else, and touch nothing before that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace weir::profiler {

// For reading; `path` is absolute, as process `pid` sees it (0: as we do). Links of a process are followed
// inside its root. The caller checks that it is the file it means, by device and inode or by build id.
Result<Fd> open_in_root(std::uint32_t pid, std::string_view path);
// The program that a process runs, also when its file was replaced or deleted.
Result<Fd> open_program(std::uint32_t pid);
// By a path of ours; one below /proc/PID/root is followed inside that root.
Result<Fd> open_regular_file(const std::string& path);

// What openat2 does with RESOLVE_IN_ROOT, for kernels and sandboxes without it: an O_PATH descriptor.
Result<Fd> walk_in_root(int root, std::string_view path);

}  // namespace weir::profiler
