#include "profiler/memory_limit.h"

#include <algorithm>

namespace weir::profiler {

MemoryLevel next_memory_level(MemoryLevel level, std::size_t used, std::size_t limit) {
  if (limit == 0) return MemoryLevel::ordinary;
  // Hundredths of the limit. Between two looks memory may grow: the limit itself must not be reached.
  std::size_t share = used / std::max<std::size_t>(1, limit / 100);
  if (share > 95) return level == MemoryLevel::ordinary ? MemoryLevel::small_caches : MemoryLevel::no_samples;
  if (share > 90 && level == MemoryLevel::no_samples) return MemoryLevel::no_samples;
  if (share > 85) return MemoryLevel::small_caches;
  if (share > 70 && level != MemoryLevel::ordinary) return MemoryLevel::small_caches;
  return MemoryLevel::ordinary;
}

SessionLimits limits_at(MemoryLevel level, SessionLimits limits) {
  if (level == MemoryLevel::ordinary) return limits;
  constexpr std::size_t kFewProcesses = 8;
  limits.symbol_bytes = std::min(limits.symbol_bytes, limits.memory / 16);
  limits.unwind_bytes = std::min(limits.unwind_bytes, limits.memory / 16);
  limits.processes = std::min(limits.processes, kFewProcesses);
  limits.build_id_files = limits.same_files = 0;
  limits.cache_rounds = 0;
  return limits;
}

std::string_view to_string(MemoryLevel level) {
  switch (level) {
    case MemoryLevel::ordinary: return "";
    case MemoryLevel::small_caches: return "symbols and unwind tables are forgotten early";
    case MemoryLevel::no_samples: return "no samples are kept until there is room";
  }
  return "";
}

}  // namespace weir::profiler
