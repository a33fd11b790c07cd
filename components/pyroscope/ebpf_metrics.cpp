#include "components/pyroscope/ebpf_metrics.h"

#include <algorithm>

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

}  // namespace

NamedFrames NamedFrames::of(const profile::Profile& profile) {
  NamedFrames sum;
  for (const profile::Stack& stack : profile.stacks) count_frames(profile, stack, sum);
  return sum;
}

EbpfMetrics::EbpfMetrics(runtime::Context& ctx)
    : ctx_(ctx),
      active_targets_(ctx.metrics().gauge("pyroscope_ebpf_active_targets",
                                          "Targets that name a process or a container.")),
      sessions_(ctx.metrics().counter("pyroscope_ebpf_profiling_sessions_total",
                                      "Windows that ended with their profiles handed over.")),
      failing_(ctx.metrics().counter("pyroscope_ebpf_profiling_sessions_failing_total",
                                     "Times the profiler could not be attached, or not be changed.")),
      fanout_latency_(ctx.metrics().histogram("pyroscope_fanout_latency",
                                              "Seconds that handing a profile to all receivers took.",
                                              default_latency_bounds())) {}

bool EbpfMetrics::know_service(std::string_view service) {
  return services_.size() < kServicesKnown && services_.emplace(service).second;
}

void EbpfMetrics::add(std::string_view name, std::string_view help, const std::string& service,
                      std::uint64_t count) {
  ctx_.metrics().counter(name, help, {{"service_name", service}})->add(static_cast<double>(count));
}

void EbpfMetrics::handed_over(const profile::Profile& profile, const NamedFrames& frames, Duration took) {
  fanout_latency_->observe(std::chrono::duration<double>(took).count());
  std::uint64_t samples = 0;
  for (const auto& sample : profile.samples) samples += static_cast<std::uint64_t>(sample.count);
  std::string service(profile.labels.get("service_name"));
  // Names come from the programs' owners: they must not make series without end.
  if (!services_.contains(service)) service = kOther;
  add("pyroscope_ebpf_pprofs_total", "Profiles handed over.", service, 1);
  add("pyroscope_ebpf_pprof_samples_total", "Samples in these profiles.", service, samples);
  add("pyroscope_ebpf_pprof_bytes_total", "Bytes of these profiles as pprof, compressed, where one was sent.",
      service, 0);
  add("pyroscope_symtab_known_symbols_total", "Frames of distinct stacks that have a name.", service,
      frames.known);
  add("pyroscope_symtab_unknown_symbols_total", "Frames without a name, in a file that is known.", service,
      frames.unknown_symbols);
  add("pyroscope_symtab_unknown_modules_total", "Frames in no file that is known.", service,
      frames.unknown_modules);
  add("pyroscope_symtab_unknown_stacks_total", "Distinct stacks most of whose frames have no name.", service,
      frames.unknown_stacks);
  if (profile.pprof_bytes && waiting_.size() < kMostWaiting)
    waiting_.push_back({.service = std::move(service), .bytes = profile.pprof_bytes});
}

void EbpfMetrics::count_bytes() {
  std::erase_if(waiting_, [&](const Waiting& one) {
    bool is_last = one.bytes.use_count() == 1;  // whoever had the profile is done with it
    std::uint64_t bytes = one.bytes->load(std::memory_order_relaxed);
    if (bytes != 0) add("pyroscope_ebpf_pprof_bytes_total", "", one.service, bytes);
    return bytes != 0 || is_last;
  });
}

WindowLosses EbpfMetrics::count_losses(const profile::CollectionStats& stats) {
  WindowLosses window;
  std::uint64_t most = 0;
  for (const auto& loss : stats.losses) {
    std::uint64_t& counted = losses_[loss.reason];
    if (loss.count < counted) counted = 0;  // another session
    auto counter = ctx_.metrics().counter("pyroscope_ebpf_lost_samples_total", "Samples lost, by reason.",
                                          {{"reason", loss.reason}});
    std::uint64_t lost = loss.count - std::exchange(counted, loss.count);
    counter->add(static_cast<double>(lost));
    window.lost += lost;
    if (lost > most) window.worst = loss.meaning;
    most = std::max(most, lost);
  }
  if (stats.attributed < attributed_) attributed_ = 0;
  window.attributed = stats.attributed - std::exchange(attributed_, stats.attributed);
  return window;
}

void EbpfMetrics::count_errors(const std::vector<profiler::SymbolFileInfo>& files,
                               const std::vector<profiler::ProcessInfo>& processes) {
  std::set<std::string> now;
  auto count = [&](std::string_view metric, std::string key, std::string_view error) {
    bool is_new = !errors_.contains(key);
    if (!now.insert(std::move(key)).second || !is_new) return;
    ctx_.metrics()
        .counter(metric, "Files of symbols or of processes that could not be read, by error.",
                 {{"error", std::string(error)}})
        ->add();
  };
  for (const auto& file : files) {
    // A stripped file was read: it has nothing to say.
    if (file.error.empty() || file.error.starts_with("stripped")) continue;
    count("pyroscope_symtab_elf_errors_total", fmt::format("{} {} {}", file.file, file.build_id, file.error),
          error_class(file.error));
  }
  for (const auto& process : processes) {
    if (process.error.empty()) continue;
    count("pyroscope_symtab_proc_errors_total", fmt::format("{} {}", process.pid, process.error),
          error_class(process.error));
  }
  errors_ = std::move(now);
}

}  // namespace weir::pyroscope
