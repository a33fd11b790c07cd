#include "components/pyroscope/ebpf_health.h"

#include "components/wording.h"

namespace weir::pyroscope {
namespace {

using runtime::HealthState;

// Why the last window gave no profile.
std::string why_no_data(const EbpfState& state) {
  if (state.losses.lost > 0 && state.losses.attributed == 0) {
    return fmt::format("all {} of the last window were lost: {}", count_text(state.losses.lost, "sample"),
                       state.losses.worst);
  }
  if (state.has_default_target) return "no process has used the CPU";
  if (state.processes > 0) return count_text(state.processes, "process") + " idle";
  if (state.running_targets > 0) return count_text(state.running_targets, "process") + " idle";
  if (state.has_containers) return "no target matches a running process that has used the CPU";
  return "no target matches a running process";
}

// What does not reach a profile, or a receiver, though all is well.
std::string losses_text(const EbpfState& state, const profile::CollectionStats& stats) {
  std::string text = left_out_text(state.unusable_targets, "target", "no process and no container is named");
  if (state.losses.lost > 0 && state.losses.attributed > 0) {
    text += fmt::format("; {} of the last window lost: {}", count_text(state.losses.lost, "sample"),
                        state.losses.worst);
  }
  if (!state.has_receiver) text += kForwardsNowhere;
  return stats.degraded.empty() ? text : fmt::format("{}; memory_limit: {}", text, stats.degraded);
}

}  // namespace

EbpfHealth health_of(const EbpfState& state, const profile::CollectionStats& stats) {
  if (!state.options_error.empty()) return {HealthState::unhealthy, state.options_error};
  if (state.targets == 0 && state.unusable_targets > 0 && !state.has_default_target) {
    return {HealthState::unhealthy,
            fmt::format("none of the {} names a process or a container: they need a label "
                        "__process_pid__ or __container_id__",
                        count_text(state.unusable_targets, "target"))};
  }
  if (state.targets == 0 && !state.has_default_target)
    return {HealthState::healthy, fmt::format("running, no data: {}", kNoTargetsCame)};
  if (stats.refused_targets > 0) {
    return {HealthState::unhealthy, fmt::format("{} of {} not profiled: {}", stats.refused_targets,
                                                count_text(state.targets, "target"), stats.refused_why)};
  }
  std::string losses = losses_text(state, stats);
  std::string targets = count_text(state.targets, "target");
  if (state.windows == 0)
    return {HealthState::healthy,
            fmt::format("running: {}, the first profile comes soon{}", targets, losses)};
  std::string last = state.ever_profiled ? fmt::format("last profile {} ago", rough_text(state.since_profile))
                                         : "no profile yet";
  if (state.window_profiles == 0) {
    return {HealthState::healthy,
            fmt::format("running, no data: {}, {}; {}{}", targets, why_no_data(state), last, losses)};
  }
  return {HealthState::healthy,
          fmt::format("running: {}, {}, {} in the last window, {} ago{}", targets,
                      count_text(state.processes, "process"), count_text(state.window_profiles, "profile"),
                      rough_text(state.since_profile), losses)};
}

}  // namespace weir::pyroscope
