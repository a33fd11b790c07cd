// MappingEvents: what all processes of the machine begin, map and end, as it
// happens. One dummy perf event per CPU; no probes, no tracefs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "profiler/process/perf_records.h"

namespace weir::profiler {

enum class FollowedEvents {
  mappings,   // all there is; taken by the clock
  processes,  // only where a process begins, ends, or runs another program; readable_fd() tells when
};

// Not thread-safe.
class MappingEvents {
 public:
  static Result<std::unique_ptr<MappingEvents>> open(FollowedEvents followed = FollowedEvents::mappings);
  ~MappingEvents();
  MappingEvents(const MappingEvents&) = delete;
  MappingEvents& operator=(const MappingEvents&) = delete;

  // Takes what there is, of all CPUs, sorted by time.
  std::vector<ProcessEvent> drain();
  // Also of CPUs that came online since.
  Result<> follow_cpus();

  // Becomes readable when records come. The kernel tells each waiter of a record once: who begins to wait
  // drains once more after that.
  int readable_fd() const { return readable_.get(); }
  std::uint64_t lost() const { return lost_; }
  std::size_t bytes() const;  // kernel memory of the rings

 private:
  struct Ring;

  explicit MappingEvents(FollowedEvents followed);
  Result<> open_cpu(int cpu);

  FollowedEvents followed_;
  Fd readable_;                                 // an epoll of all rings
  std::map<int, std::unique_ptr<Ring>> rings_;  // by CPU
  bool with_build_ids_ = true;                  // Linux 5.12 and later
  std::uint64_t lost_ = 0;
};

}  // namespace weir::profiler
