// CPU time of the processes of this machine, as /proc tells it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"

namespace weir {

struct ProcessTimes {
  std::uint32_t pid = 0;
  std::string comm;  // any bytes
  Duration start{};  // since boot; tells two processes apart that had one pid
  Duration cpu{};    // of all threads, since then
  bool is_kernel_thread = false;
};

// Of the contents of /proc/PID/stat.
std::optional<ProcessTimes> parse_process_times(std::string_view stat);
// Without threads of the kernel. What ends meanwhile is left out.
std::vector<ProcessTimes> process_times(const std::filesystem::path& proc = "/proc");
// The clock that ProcessTimes::start is of.
Duration since_boot();

}  // namespace weir
