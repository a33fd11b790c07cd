// pyroscope.ebpf: profiles this machine.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "components/backoff.h"
#include "components/pyroscope/ebpf_arguments.h"
#include "components/pyroscope/ebpf_info.h"
#include "profiler/session.h"
#include "runtime/component.h"

namespace weir::pyroscope {

class Ebpf {
 public:
  static constexpr std::string_view kName = "pyroscope.ebpf";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Samples the CPU use of the targets' processes in the kernel and makes a profile of each target, every "
      "collect_interval. Needs root, and the pid namespace of the machine.";

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

  void open();
  void opened(Result<std::unique_ptr<profiler::Session>> session);
  void use_targets();
  void tick();
  void step();
  void finished(Round& round);
  void forward(const std::vector<profile::ProfilePtr>& profiles);
  void count_losses(const profile::CollectionStats& stats);
  void report_health();
  void report_debug_info();

  runtime::Context& ctx_;
  Arguments args_;
  OpenSession open_session_;
  std::shared_ptr<profiler::Session> session_;  // null: not open
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_, ticker_;

  // The session takes one call at a time: all calls are made in rounds, off the strand.
  bool round_running_ = false;
  bool collect_wanted_ = false;
  profiler::SessionOptions options_;  // of the session
  std::optional<std::vector<profiler::ProfiledTarget>> new_targets_;

  MonoTime next_collection_, last_profile_, next_report_;
  std::uint64_t targets_ = 0, unusable_targets_ = 0, sessions_ = 0, windows_ = 0, profiles_ = 0;
  std::unordered_set<std::string> services_;  // that have been targets since the start
  std::string options_error_;
  std::vector<profiler::ProcessInfo> processes_;
  std::vector<profiler::SymbolFileInfo> symbol_files_;
  std::map<std::string, std::uint64_t> losses_;  // as counted so far
  std::shared_ptr<Gauge> active_targets_;
  std::shared_ptr<Counter> sessions_total_, failing_total_;
  std::shared_ptr<Histogram> fanout_latency_;
};

}  // namespace weir::pyroscope

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Ebpf>();
