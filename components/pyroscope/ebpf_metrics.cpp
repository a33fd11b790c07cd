#include "components/pyroscope/ebpf_metrics.h"

#include <algorithm>
#include <utility>

#include "base/seconds.h"
#include "components/pyroscope/ebpf_metric_table.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kServicesKnown = 10'000;
constexpr std::size_t kMostWaiting = 16'384;
constexpr std::string_view kOther = "(other)";

// The peer's words for what can happen to a file.
std::string_view error_class(std::string_view message) {
  struct Row {
    std::string_view text;
    std::string_view name;
  };
  static constexpr Row kRows[] = {
      {"o such file", "ErrNotExist"},
      {"o such process", "ErrNotExist"},
      {"ermission denied", "ErrPermission"},
      {"not permitted", "ErrPermission"},
      {"not an ELF", "ErrInvalid"},
      {"no ELF", "ErrInvalid"},
      {"no executable segment", "ElfBaseNotFound"},
  };
  for (const Row& row : kRows) {
    if (message.find(row.text) != std::string_view::npos) return row.name;
  }
  return "Other";
}

void count_frames(const profile::Profile& profile, const profile::Stack& stack, NamedFrames& sum) {
  std::uint64_t known = 0;
  for (std::uint32_t index : stack.frames) {
    const profile::Frame& frame = profile.frames[index];
    if (!frame.lines.empty()) {
      ++known;
    } else if (frame.mapping != profile::kNoMapping) {
      ++sum.unknown_symbols;
    } else {
      ++sum.unknown_modules;
    }
  }
  sum.known += known;
  if (stack.frames.size() > 1 && stack.frames.size() - known > known) ++sum.unknown_stacks;
}

// Of a count of one session since `counted`; another session begins at 0.
std::uint64_t growth(std::uint64_t& counted, std::uint64_t count) {
  if (count < counted) counted = 0;
  return count - std::exchange(counted, count);
}

MetricLabels labels(const MetricInfo& metric, std::string_view value) {
  if (metric.label.empty()) return {};
  return {{std::string(metric.label), std::string(value)}};
}

}  // namespace

NamedFrames NamedFrames::of(const profile::Profile& profile) {
  NamedFrames sum;
  for (const profile::Stack& stack : profile.stacks) count_frames(profile, stack, sum);
  return sum;
}

EbpfMetrics::EbpfMetrics(runtime::Context& ctx)
    : ctx_(ctx),
      active_targets_(gauge(metric::kActiveTargets)),
      sessions_(counter(metric::kSessions)),
      failing_(counter(metric::kFailing)),
      fanout_latency_(
          ctx.metrics().histogram(metric::kFanout.name, metric::kFanout.help, default_latency_bounds())) {}

std::shared_ptr<Counter> EbpfMetrics::counter(const MetricInfo& metric, std::string_view label) {
  return ctx_.metrics().counter(metric.name, metric.help, labels(metric, label));
}

std::shared_ptr<Gauge> EbpfMetrics::gauge(const MetricInfo& metric, std::string_view label) {
  return ctx_.metrics().gauge(metric.name, metric.help, labels(metric, label));
}

void EbpfMetrics::add(const MetricInfo& metric, std::string_view label, std::uint64_t count) {
  counter(metric, label)->add(static_cast<double>(count));
}

void EbpfMetrics::set(const MetricInfo& metric, std::string_view label, std::size_t size) {
  gauge(metric, label)->set(static_cast<double>(size));
}

bool EbpfMetrics::know_service(std::string_view service) {
  return services_.size() < kServicesKnown && services_.emplace(service).second;
}

void EbpfMetrics::handed_over(const profile::Profile& profile, const NamedFrames& frames, Duration took) {
  fanout_latency_->observe(in_seconds(took));
  std::uint64_t samples = 0;
  for (const auto& sample : profile.samples) samples += static_cast<std::uint64_t>(sample.count);
  std::string service(profile.labels.get("service_name"));
  // Names come from the programs' owners: they must not make series without end.
  if (!services_.contains(service)) service = kOther;
  add(metric::kPprofs, service, 1);
  add(metric::kPprofSamples, service, samples);
  add(metric::kPprofBytes, service, 0);
  add(metric::kKnown, service, frames.known);
  add(metric::kUnknownSymbols, service, frames.unknown_symbols);
  add(metric::kUnknownModules, service, frames.unknown_modules);
  add(metric::kUnknownStacks, service, frames.unknown_stacks);
  if (profile.pprof_bytes && waiting_.size() < kMostWaiting)
    waiting_.push_back({.service = std::move(service), .bytes = profile.pprof_bytes});
}

void EbpfMetrics::count_bytes() {
  std::erase_if(waiting_, [&](const Waiting& one) {
    bool is_last = one.bytes.use_count() == 1;  // whoever had the profile is done with it
    std::uint64_t bytes = one.bytes->load(std::memory_order_relaxed);
    if (bytes != 0) add(metric::kPprofBytes, one.service, bytes);
    return bytes != 0 || is_last;
  });
}

WindowLosses EbpfMetrics::count_losses(const profile::CollectionStats& stats) {
  WindowLosses window;
  std::uint64_t most = 0;
  for (const auto& loss : stats.losses) {
    std::uint64_t lost = growth(losses_[loss.reason], loss.count);
    add(metric::kLost, loss.reason, lost);
    window.lost += lost;
    if (lost > most) window.worst = loss.meaning;
    most = std::max(most, lost);
  }
  window.attributed = growth(attributed_, stats.attributed);
  add(metric::kComplete, "", growth(complete_, stats.complete));
  for (const auto& ending : stats.incomplete)
    add(metric::kIncomplete, ending.reason, growth(incomplete_[ending.reason], ending.count));
  return window;
}

void EbpfMetrics::count_machine(const profiler::MachineReport& report) {
  const auto& [unwinding, reads, symbols] = report.share;
  set(metric::kTables, "ready", unwinding.tables);
  set(metric::kTables, "pending", unwinding.pending);
  set(metric::kTables, "no_room", unwinding.no_room);
  set(metric::kTableBytes, "", unwinding.bytes);
  set(metric::kTableLimit, "", unwinding.byte_limit);
  add(metric::kTablesMade, "", unwinding.loaded);
  add(metric::kTablesEvicted, "", unwinding.evicted);
  for (const auto& [why, count] : profiler::failures(unwinding)) add(metric::kUnwindFailures, why, count);
  add(metric::kUnwindFailures, "process_refused", unwinding.refused_processes);
  add(metric::kUnwindFailures, "rule_refused", unwinding.refused_rules);
  add(metric::kUnwindFailures, "pid_map_full", growth(overflow_, report.overflow));
  add(metric::kFailedReads, "hung", reads.hung);
  add(metric::kFailedReads, "left_alone", reads.left_alone);
  set(metric::kHangingReads, "", reads.hanging);
  add(metric::kLostEvents, "", growth(lost_events_, report.lost_events));
  add(metric::kEvictions, "pid", growth(evicted_processes_, report.evicted_processes));
  add(metric::kEvictions, "container_id", growth(evicted_containers_, report.evicted_containers));
  add(metric::kEvictions, "build_id", symbols.evicted_with_build_id);
  add(metric::kEvictions, "same_file", symbols.evicted_by_inode);
}

void EbpfMetrics::count_errors(const std::vector<profiler::SymbolFileInfo>& files,
                               const std::vector<profiler::ProcessInfo>& processes) {
  std::set<std::string> now;
  auto count = [&](const MetricInfo& metric, std::string key, std::string_view error) {
    bool is_new = !errors_.contains(key);
    if (!now.insert(std::move(key)).second || !is_new) return;
    add(metric, error, 1);
  };
  for (const auto& file : files) {
    if (!file.failed) continue;
    count(metric::kElfErrors, fmt::format("{} {} {}", file.file, file.build_id, error_class(file.error)),
          error_class(file.error));
  }
  for (const auto& process : processes) {
    if (process.error.empty()) continue;
    count(metric::kProcErrors, fmt::format("{} {}", process.pid, error_class(process.error)),
          error_class(process.error));
  }
  errors_ = std::move(now);
}

}  // namespace weir::pyroscope
