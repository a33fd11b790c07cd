// Separate debug files: the symbols a package's -dbg or -dbgsym puts beside a stripped file.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "profiler/symbols/bytes.h"

namespace weir::profiler {

// "/proc/PID/root" of "/proc/PID/root/usr/bin/x"; "" of other paths.
std::string process_root(std::string_view host_path);

// ROOT/usr/lib/debug/.build-id/XX/YYYY.debug, where XXYYYY is the build id, if
// it is there and has that build id itself.
Result<Fd> open_debug_file(const std::string& root, std::string_view build_id);

}  // namespace weir::profiler
