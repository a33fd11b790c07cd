// What pyroscope.ebpf counts: the peer's metrics, by its names, and losses by reason.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "profile/collection.h"
#include "profiler/session.h"
#include "runtime/context.h"

namespace weir::pyroscope {

// How many frames of a profile's distinct stacks have names.
struct NamedFrames {
  std::uint64_t known = 0;
  std::uint64_t unknown_symbols = 0;  // in a file that is known
  std::uint64_t unknown_modules = 0;  // not even that
  std::uint64_t unknown_stacks = 0;   // more frames without a name than with one

  static NamedFrames of(const profile::Profile& profile);
};

// What was lost in one window.
struct WindowLosses {
  std::uint64_t attributed = 0;
  std::uint64_t lost = 0;
  std::string worst;  // what the most frequent reason means
};

class EbpfMetrics {
 public:
  explicit EbpfMetrics(runtime::Context& ctx);

  void set_targets(std::size_t count) { active_targets_->set(static_cast<double>(count)); }
  // Series are made for services of targets only, and of these for so many. True when it is new.
  bool know_service(std::string_view service);
  void window_ended() { sessions_->add(); }
  void window_failed() { failing_->add(); }
  void handed_over(const profile::Profile& profile, const NamedFrames& frames, Duration took);
  // Of one session: they only grow until another session's come.
  WindowLosses count_losses(const profile::CollectionStats& stats);
  void count_machine(const profiler::MachineReport& report);
  void count_errors(const std::vector<profiler::SymbolFileInfo>& files,
                    const std::vector<profiler::ProcessInfo>& processes);
  // Sizes are known when a receiver has encoded the profile, some time after it was handed over.
  void count_bytes();

 private:
  struct Waiting {
    std::string service;
    std::shared_ptr<std::atomic<std::uint64_t>> bytes;
  };

  std::shared_ptr<Counter> counter(const MetricInfo& metric, std::string_view label = {});
  std::shared_ptr<Gauge> gauge(const MetricInfo& metric, std::string_view label = {});
  void add(const MetricInfo& metric, std::string_view label, std::uint64_t count);
  void set(const MetricInfo& metric, std::string_view label, std::size_t size);

  runtime::Context& ctx_;
  std::shared_ptr<Gauge> active_targets_;
  std::shared_ptr<Counter> sessions_, failing_;
  std::shared_ptr<Histogram> fanout_latency_;
  std::unordered_set<std::string> services_;
  std::vector<Waiting> waiting_;
  std::map<std::string, std::uint64_t> losses_, incomplete_;  // as counted so far …
  std::uint64_t attributed_ = 0, complete_ = 0, overflow_ = 0, lost_events_ = 0;
  std::uint64_t evicted_processes_ = 0, evicted_containers_ = 0;
  std::set<std::string> errors_;  // that stand now
};

}  // namespace weir::pyroscope
