// What pyroscope.ebpf says of itself in one sentence. It is unhealthy where the config asks for what cannot
// be done; where it runs and there is nothing to show it says why.
#pragma once

#include <cstdint>
#include <string>

#include "base/duration.h"
#include "components/pyroscope/ebpf_metrics.h"
#include "profile/collection.h"
#include "runtime/health.h"

namespace weir::pyroscope {

struct EbpfState {
  std::string options_error;  // why the session refused new arguments
  std::uint64_t targets = 0, unusable_targets = 0;
  bool has_default_target = false;
  bool has_receiver = false;
  bool has_containers = false;        // among the targets
  std::uint64_t running_targets = 0;  // of those that name a process
  std::uint64_t processes = 0;        // that run and have been sampled
  std::uint64_t windows = 0;
  std::uint64_t window_profiles = 0;  // of the last window
  WindowLosses losses;                // in the last window
  bool ever_profiled = false;
  Duration since_profile{};
};

struct EbpfHealth {
  runtime::HealthState state = runtime::HealthState::healthy;
  std::string message;
};

EbpfHealth health_of(const EbpfState& state, const profile::CollectionStats& stats);

}  // namespace weir::pyroscope
