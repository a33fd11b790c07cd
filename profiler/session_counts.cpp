#include "profiler/session_counts.h"

#include <string>
#include <string_view>

namespace weir::profiler {

profile::CollectionStats count_samples(const SamplerStats& kernel, const Aggregator& aggregator,
                                       const UnwindQuality& quality, std::uint64_t abandoned) {
  profile::CollectionStats stats;
  auto lost = [&](std::string_view reason, std::string_view meaning, std::uint64_t count) {
    stats.losses.push_back({std::string(reason), std::string(meaning), count});
    stats.samples += count;
  };
  lost("ring_full", "The ring buffer was full: weir did not get enough CPU time to empty it.",
       kernel[CPU_SAMPLE_LOST_RING_FULL]);
  lost("user_off", "The CPU was in user code, and collect_user_profile is off.",
       kernel[CPU_SAMPLE_LOST_MODE_OFF]);
  lost("no_stack", "The kernel could not read the stack.", kernel[CPU_SAMPLE_LOST_NO_STACK]);
  lost("target_removed", "The target was removed before its last samples were read.",
       aggregator.count(Outcome::target_removed));
  lost("container_unknown", "The process and its cgroup ended before their container could be found.",
       aggregator.count(Outcome::container_unknown));
  lost("window_full", "The target had too many distinct stacks in one window: shorten collect_interval.",
       aggregator.count(Outcome::window_full));
  lost("pid_map_full", "As many processes as pid_map_size says are profiled already.",
       aggregator.count(Outcome::not_admitted));
  lost("kernel_off", "The CPU was in kernel code, and the target wants no kernel stacks.",
       aggregator.count(Outcome::kernel_off));
  lost("memory_limit", "Weir's memory is at memory_limit: raise it, or profile fewer processes.",
       aggregator.count(Outcome::memory_limit));
  lost("stopped", "The profiler was closed before its last window could be handed over.", abandoned);
  lost("malformed", "A record was not what the kernel's program writes: report this.", kernel.malformed);
  stats.attributed = aggregator.count(Outcome::attributed) - abandoned;
  stats.samples += stats.attributed;
  stats.unselected = kernel[CPU_SAMPLE_UNSELECTED] + aggregator.count(Outcome::unselected);
  stats.idle = kernel[CPU_SAMPLE_IDLE] + kernel[CPU_SAMPLE_KERNEL_THREAD];
  stats.runs = kernel.runs;
  stats.complete = quality.complete();
  for (std::size_t stop = 0; stop < kStackStops; ++stop) {
    std::uint64_t count = quality.incomplete()[stop];
    if (count == 0) continue;
    const StackStop& named = stack_stops()[stop];
    stats.incomplete.push_back({std::string(named.reason), std::string(named.meaning), count});
  }
  std::uint64_t spent = kernel.run_time_ns != 0 ? kernel.run_time_ns : kernel[CPU_SAMPLE_BUSY_NS];
  stats.kernel_time = Duration(static_cast<std::int64_t>(spent));
  stats.map_bytes = kernel.map_bytes;
  return stats;
}

}  // namespace weir::profiler
