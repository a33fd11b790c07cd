// What a collector of profiles has taken and what it has lost, by reason.
// Offered as a typed service by whatever collects, read by the page's cost line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/duration.h"

namespace weir::profile {

struct Loss {
  std::string reason;   // "ring_full", "process_gone", …
  std::string meaning;  // one sentence: what happened and what to do
  std::uint64_t count = 0;
};

// Counts since the collector started.
struct CollectionStats {
  std::uint64_t samples = 0;     // taken by the kernel for chosen processes
  std::uint64_t attributed = 0;  // of these, part of a profile or of the current window
  std::vector<Loss> losses;      // of these, lost; every reason, also at 0
  std::uint64_t complete = 0;    // of those attributed in windows that have ended, reached the thread's start
  std::vector<Loss> incomplete;  // … and did not, by reason; only those that occurred
  std::uint64_t unselected = 0;  // samples of processes that no target names
  std::uint64_t idle = 0;        // samples of idle CPUs and kernel threads
  // Calls of the kernel's program by the kernel's own count, 0 where it keeps none: all of the above, and
  // what is on its way.
  std::uint64_t runs = 0;
  std::uint64_t profiles = 0;   // handed over
  Duration kernel_time{};       // spent in the kernel's program, where the kernel counts it
  std::uint64_t map_bytes = 0;  // of kernel memory held by maps
  // Targets that are not sampled now, because the kernel refused them, and why.
  std::uint64_t refused_targets = 0;
  std::string refused_why;
  std::string degraded;  // what is given up now to keep the memory limit; empty: nothing
};

class CollectionReport {
 public:
  virtual ~CollectionReport() = default;
  // Any thread; at once.
  virtual CollectionStats stats() const = 0;
};

}  // namespace weir::profile
