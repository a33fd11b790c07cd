// Reading what /proc says about a process.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::profiler {

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
// Field 22 of /proc/PID/stat: when the process began, in ticks since boot.
std::optional<std::uint64_t> parse_start_time(std::string_view stat);
// The path of the hierarchy of `controller` in /proc/PID/cgroup; "" stands for the unified one.
std::optional<std::string_view> parse_cgroup_path(std::string_view text, std::string_view controller);

// nullopt when the process is gone.
std::optional<std::string> read_proc(std::uint32_t pid, std::string_view file);
std::optional<std::uint64_t> start_time_of(std::uint32_t pid);
std::string comm_of(std::uint32_t pid);

// Calls `each(line)` for every line without its end.
void each_line(std::string_view text, const std::function<void(std::string_view)>& each);

}  // namespace weir::profiler
