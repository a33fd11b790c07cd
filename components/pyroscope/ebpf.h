// pyroscope.ebpf: profiles this machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "components/backoff.h"
#include "components/pyroscope/ebpf_arguments.h"
#include "components/pyroscope/ebpf_health.h"
#include "components/pyroscope/ebpf_info.h"
#include "components/pyroscope/ebpf_metric_table.h"
#include "components/pyroscope/ebpf_metrics.h"
#include "components/pyroscope/ebpf_processes.h"
#include "profiler/session.h"
#include "runtime/component.h"

namespace weir::pyroscope {

class Ebpf {
 public:
  static constexpr std::string_view kName = "pyroscope.ebpf";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Samples the CPU use of the targets' processes in the kernel and makes a profile of each target, every "
      "collect_interval. Needs root, and the pid namespace of the machine. Health: the component of the same "
      "name elsewhere is unhealthy only on a bad config; this one is so too where the kernel refuses the "
      "program "
      "or targets cannot be profiled, and where it runs without data it is healthy and says why.";

  static constexpr std::span<const MetricInfo> kMetrics = metric::kAll;

  using Arguments = EbpfArguments;
  using Exports = lang::Nothing;
  using DebugInfo = EbpfInfo;
  using OpenSession =
      std::function<Result<std::unique_ptr<profiler::Session>>(profiler::SessionOptions, Logger)>;

  Ebpf(runtime::Context& ctx, Arguments args, OpenSession open_session = &profiler::Session::open);
  void start();
  void apply(Arguments args);
  void stop();

 private:
  struct Round;

  // There is nothing to attach for yet, and it is not to be done before.
  bool may_wait() const;
  void open();
  void opened(Result<std::unique_ptr<profiler::Session>> session);
  void use_targets();
  void tick();
  void await_tick();
  void step();
  void urgent();
  void hand_over_last_window();
  void finished(Round& round);
  void use_default_target();
  void forward(const Round& round);
  void report_health();
  void offer_processes();
  void report_debug_info(Round& round);

  runtime::Context& ctx_;
  Arguments args_;
  OpenSession open_session_;
  std::shared_ptr<profiler::Session> session_;  // null: not open
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_, ticker_;

  // The session takes one call at a time: all calls are made in rounds, off the strand.
  bool opening_ = false;
  bool round_running_ = false;
  bool urgent_wanted_ = false;
  std::shared_ptr<Round> round_;  // the running one, or the last
  bool collect_wanted_ = false;
  profiler::SessionOptions options_;  // of the session
  std::optional<std::vector<profiler::ProfiledTarget>> new_targets_;

  EbpfMetrics metrics_;
  EbpfState state_;
  MonoTime next_collection_, last_profile_, next_report_, last_drain_;
  Duration next_drain_ = profiler::kDrainInterval;
  std::uint64_t sessions_ = 0, profiles_ = 0;
  std::vector<std::uint32_t> target_pids_;  // of the first targets
  std::vector<profile::Labels> target_labels_;
  std::shared_ptr<const TargetServices> target_services_ = std::make_shared<const TargetServices>();
  EbpfProcesses::Processes processes_ = collected_processes({});  // of the last window
};

}  // namespace weir::pyroscope

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Ebpf>();
