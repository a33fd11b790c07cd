// What has become of that which all sessions of this process share.
#pragma once

#include <cstdint>

#include "profiler/process/watched_reads.h"
#include "profiler/symbols/symbol_stats.h"
#include "profiler/unwind/unwind_stats.h"

namespace weir::profiler {

struct MachineStats {
  UnwindStats unwinding;
  WatchedReadsStats reads;
  SymbolStats symbols;
};

// What one session says of it.
struct MachineReport {
  MachineStats all;
  // So that the sum over all sessions is right: of counts, what came since any session was asked last; of
  // sizes, all of them in one session and none in the others.
  MachineStats share;

  // Of this session alone, since it opened.
  std::uint64_t overflow = 0;            // times in a window that a process had no room in pid_map_size
  std::uint64_t lost_events = 0;         // of mappings, that the kernel had no room for
  std::uint64_t evicted_processes = 0;   // from what is known of processes
  std::uint64_t evicted_containers = 0;  // from the container ids that are known
};

}  // namespace weir::profiler
