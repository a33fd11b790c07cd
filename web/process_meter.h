// How much CPU each process of the machine uses now: what it has used, as it was some seconds ago.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/process_times.h"

namespace weir::web {

struct UsedProcess {
  ProcessTimes times;
  double percent = 0;  // of one CPU
};

struct ProcessUse {
  // What `percent` is taken over; 0: nobody has asked of late, and it is over the life of each process.
  Duration window{};
  std::vector<UsedProcess> processes;
};

// Reads when it is asked, and keeps nothing running in between. One thread.
class ProcessMeter {
 public:
  using Read = std::function<std::vector<ProcessTimes>()>;

  explicit ProcessMeter(Read read);  // null: of this machine
  const ProcessUse& measure(MonoTime now);

 private:
  struct Reading {
    MonoTime at;
    std::unordered_map<std::uint32_t, ProcessTimes> by_pid;
  };

  double percent_of(const ProcessTimes& times, Duration boot) const;

  Read read_;
  Reading before_;  // that the use is taken since
  Reading next_;    // takes its place when it is old enough
  MonoTime read_at_;
  ProcessUse use_;
};

}  // namespace weir::web
