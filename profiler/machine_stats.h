// What has become of that which all sessions of this process share.
#pragma once

#include <cstdint>

#include "profiler/process/watched_reads.h"
#include "profiler/unwind/unwind_stats.h"

namespace weir::profiler {

struct MachineStats {
  UnwindStats unwinding;
  WatchedReadsStats reads;
};

// What one session says of it.
struct MachineReport {
  MachineStats all;
  // So that the sum over all sessions is right: of counts, what came since any session was asked last; of
  // sizes, all of them in one session and none in the others.
  MachineStats share;
  // Of this session: times in a window that a process was not profiled for want of room in pid_map_size.
  std::uint64_t overflow = 0;
};

}  // namespace weir::profiler
