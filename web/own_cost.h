// What weir itself takes of the machine, as /proc tells it.
#pragma once

#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "base/duration.h"

namespace weir::web {

struct OwnCost {
  double cpu_seconds = 0;  // user and system, since the process began
  double cpu_percent = 0;  // of one CPU, over `window`
  Duration window{};       // what cpu_percent is taken over
  std::uint64_t rss_bytes = 0;
};

// CPU time over a sliding window of about ten seconds. One thread.
class CostMeter {
 public:
  // The CPU time of this process, all threads.
  using ReadCpu = Duration (*)();

  explicit CostMeter(MonoTime now, ReadCpu read_cpu = nullptr);
  OwnCost measure(MonoTime now);

 private:
  struct Reading {
    MonoTime at;
    Duration cpu;
  };

  ReadCpu read_cpu_;
  std::deque<Reading> readings_;  // oldest first; never empty
};

}  // namespace weir::web
