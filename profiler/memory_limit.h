// What is given up, step by step, so that weir and its maps stay within a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "profiler/session.h"

namespace weir::profiler {

enum class MemoryLevel : std::uint8_t {
  ordinary,
  small_caches,  // tables of symbols and for unwinding are kept within a fraction of the limit
  no_samples,    // … and samples are counted, not kept
};

// The level at which to go on. Each is left at less than where it was entered, so that it does not flicker.
MemoryLevel next_memory_level(MemoryLevel level, std::size_t used, std::size_t limit);

SessionLimits limits_at(MemoryLevel level, SessionLimits limits);

// For people; empty where nothing is given up.
std::string_view to_string(MemoryLevel level);

}  // namespace weir::profiler
