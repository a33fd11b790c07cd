// Reading what /proc says about a process.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::profiler {

// What the kernel puts behind the path of a file that has no name any more.
inline constexpr std::string_view kDeletedFile = " (deleted)";

struct MapsLine {
  std::uint64_t start = 0;
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;
  std::uint64_t device = 0;  // as makedev() gives it
  std::uint64_t inode = 0;
  bool executable = false;
  std::string_view path;  // without " (deleted)"; empty: anonymous
};

// One line of /proc/PID/maps.
std::optional<MapsLine> parse_maps_line(std::string_view line);
// Of /proc/PID/stat.
struct ProcessLife {
  char state = 0;  // 'Z': it has ended, and its parent has not asked how
  std::uint32_t parent = 0;
  std::uint64_t threads = 0;     // that live
  std::uint64_t start_time = 0;  // in ticks since boot
  // A leader that has ended counts as a thread until all have.
  bool has_other_threads() const { return threads > 1; }
};
std::optional<ProcessLife> parse_life(std::string_view stat);
// The path of the hierarchy of `controller` in /proc/PID/cgroup; "" stands for the unified one.
std::optional<std::string_view> parse_cgroup_path(std::string_view text, std::string_view controller);

// nullopt when the process is gone.
std::optional<std::string> read_proc(std::uint32_t pid, std::string_view file);
std::optional<ProcessLife> life_of(std::uint32_t pid);
std::string comm_of(std::uint32_t pid);

// Calls `each(pid)` for every process that /proc lists.
void each_process(const std::function<void(std::uint32_t)>& each);

// Calls `each(line)` for every line without its end.
void each_line(std::string_view text, const std::function<void(std::string_view)>& each);

}  // namespace weir::profiler
