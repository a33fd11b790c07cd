// Aggregator: adds samples to the window of their target. Turns addresses of a
// process into places in files while the process is known.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "profiler/process/cgroups.h"
#include "profiler/process/table.h"
#include "profiler/sampler.h"
#include "profiler/targets.h"

namespace weir::profiler {

// What became of a sample.
enum class Outcome : std::uint8_t {
  attributed,
  unselected,         // its cgroup was not decided yet, and nobody chose it
  target_removed,     // chosen when it was taken, no longer when it was read
  container_unknown,  // no way to find out any more whose it was
  window_full,
  not_admitted,  // as many processes as may be are profiled already
  kernel_off,    // nothing but kernel code, of which its target wants none
  memory_limit,  // there is no room for it
};
inline constexpr std::size_t kOutcomes = 8;

// Applied with each sample, and changed between two of them.
struct AggregatorOptions {
  bool collect_kernel = true;  // of targets that do not say themselves
  bool comm_tag = false;
  bool pid_tag = false;
  bool is_full = false;          // nothing more may be kept
  std::size_t processes = 2048;  // profiled at a time

  bool operator==(const AggregatorOptions&) const = default;
};

// Not thread-safe.
class Aggregator {
 public:
  // Told once for each cgroup that the kernel asked about.
  using Decide = std::function<void(std::uint64_t cgroup, cpu_sample_choice)>;
  // Told of each sample that belongs to a target.
  using Sampled = std::function<void(const Process& process, const SampleView& sample)>;

  Aggregator(ProcessTable& table, Cgroups& cgroups, Targets& targets, Decide decide)
      : table_(table), cgroups_(cgroups), targets_(targets), decide_(std::move(decide)) {}

  void set_options(AggregatorOptions options) { options_ = options; }
  void on_sampled(Sampled call) { sampled_ = std::move(call); }
  Outcome add(const SampleView& sample, MonoTime now);
  std::uint64_t count(Outcome outcome) const { return counts_[static_cast<std::size_t>(outcome)]; }

 private:
  Outcome attribute(const SampleView& sample, MonoTime now);
  bool may_admit(std::uint32_t pid) const;
  void tag(TargetWindow& window, const Process& process, const cpu_sample& head);
  void remember_end(TargetState& target, std::uint32_t pid);
  void add_kernel_frames(TargetWindow& window, const SampleView& sample);
  // False when the chain of frame pointers led astray and was cut.
  bool add_user_frames(TargetWindow& window, Process& process, const SampleView& sample);

  ProcessTable& table_;
  Cgroups& cgroups_;
  Targets& targets_;
  AggregatorOptions options_;
  Decide decide_;
  Sampled sampled_;
  std::array<std::uint64_t, kOutcomes> counts_{};
  std::vector<std::uint32_t> frames_;  // of the sample at hand; kept for its memory
};

}  // namespace weir::profiler
