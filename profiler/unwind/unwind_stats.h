// What the store of unwind tables holds, and what has become of what it was
// asked for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::profiler {

// Why a file has no table.
enum class NoTable : std::uint8_t {
  none,         // it has
  no_eh_frame,  // a file without unwind information
  gone,         // all processes that mapped it have ended, or it was replaced
  unreadable,   // refused, or no regular file
  hung,         // its reader waited too long
  malformed,
  too_large,  // to make it would take too much memory
};
inline constexpr std::size_t kNoTableReasons = 7;
std::string_view to_string(NoTable why);

struct UnwindStats {
  std::size_t tables = 0;     // in the kernel
  std::size_t pending = 0;    // to be made
  std::size_t no_room = 0;    // did not fit into the limit
  std::size_t processes = 0;  // registered
  std::size_t users = 0;
  std::size_t bytes = 0;  // used of the kernel's memory, of …
  std::size_t byte_limit = 0;
  std::size_t kernel_bytes = 0;  // all that the kernel holds for it
  std::uint64_t loaded = 0;      // tables made since the start
  std::uint64_t evicted = 0;
  std::uint64_t refused_processes = 0;  // had no room, or the kernel refused them
  std::uint64_t refused_rules = 0;
  std::array<std::uint64_t, kNoTableReasons> failed{};  // by NoTable
};

struct UnwindFailure {
  std::string_view why;
  std::uint64_t times = 0;
};
// By reason; also those that did not occur.
std::array<UnwindFailure, kNoTableReasons - 1> failures(const UnwindStats& stats);

}  // namespace weir::profiler
