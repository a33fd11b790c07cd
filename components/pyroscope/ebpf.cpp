#include "components/pyroscope/ebpf.h"

#include <algorithm>

#include "components/pyroscope/ebpf_targets.h"
#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr Duration kDrainInterval = std::chrono::milliseconds(200);
constexpr Duration kReportInterval = std::chrono::seconds(5);
// A person who has just started weir, or a service, wants to see something soon.
constexpr Duration kFirstWindow = std::chrono::seconds(4);
constexpr std::size_t kServicesKnown = 10'000;
constexpr std::size_t kShown = 100;  // rows of a list in debug info

profiler::Demangle demangle_mode(std::string_view word) {
  if (word == "simplified") return profiler::Demangle::simplified;
  if (word == "templates") return profiler::Demangle::templates;
  return word == "full" ? profiler::Demangle::full : profiler::Demangle::none;
}

bool is_running(const profiler::ProcessInfo& process) {
  return !process.exited && !process.service.empty();
}

}  // namespace

profiler::SessionOptions EbpfArguments::session_options() const {
  const profiler::SessionLimits defaults;
  auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  return {
      .sample_rate = sample_rate,
      .collect_user = collect_user_profile,
      .collect_kernel = collect_kernel_profile && kernel_frames,
      .demangle = demangle_mode(demangle),
      .limits =
          {
              .cache_rounds = static_cast<std::uint64_t>(cache_rounds),
              .processes = size(pid_cache_size),
              .build_id_files = size(build_id_cache_size),
              .same_files = size(same_file_cache_size),
              .container_ids = size(container_id_cache_size),
              .symbol_bytes = defaults.symbol_bytes,
              .kernel_pid_entries = static_cast<std::uint32_t>(pid_map_size),
          },
  };
}

// One trip to the session: what to do there, and what came of it.
struct Ebpf::Round {
  std::shared_ptr<profiler::Session> session;
  std::optional<profiler::SessionOptions> options;
  std::optional<std::vector<profiler::ProfiledTarget>> targets;
  bool collect = false;
  WallTime now;

  std::vector<profile::ProfilePtr> profiles;
  Result<> options_result;
  std::vector<profiler::ProcessInfo> processes;
  std::vector<profiler::SymbolFileInfo> symbol_files;

  void run() {
    if (collect) {
      profiles = session->collect(now);
      processes = session->processes();
      symbol_files = session->symbol_files();
    } else {
      session->drain();
    }
    if (options) options_result = session->set_options(*options);
    if (targets) session->set_targets(*std::move(targets));
  }
};

Ebpf::Ebpf(runtime::Context& ctx, Arguments args, OpenSession open_session)
    : ctx_(ctx), args_(std::move(args)), open_session_(std::move(open_session)) {
  auto& metrics = ctx.metrics();
  active_targets_ =
      metrics.gauge("pyroscope_ebpf_active_targets", "Targets that name a process or a container.");
  sessions_total_ =
      metrics.counter("pyroscope_ebpf_profiling_sessions_total", "Times the profiler attached.");
  failing_total_ = metrics.counter("pyroscope_ebpf_profiling_sessions_failing_total",
                                   "Times the profiler could not be attached.");
  fanout_latency_ =
      metrics.histogram("pyroscope_fanout_latency", "Seconds that handing a profile to all receivers took.",
                        default_latency_bounds());
}

void Ebpf::start() {
  use_targets();
  open();
}

void Ebpf::apply(Arguments args) {
  bool targets_changed = args.targets != args_.targets;
  args_ = std::move(args);
  if (targets_changed) use_targets();
  next_collection_ = std::min(next_collection_, ctx_.clock().mono() + args_.collect_interval);
  if (session_) {
    report_health();
    step();
  }
}

void Ebpf::stop() {
  ticker_.reset();
  retry_.reset();
  ctx_.offer<profile::CollectionReport>(nullptr);
  session_.reset();
}

void Ebpf::open() {
  retry_.reset();
  options_ = args_.session_options();
  auto session = std::make_shared<Result<std::unique_ptr<profiler::Session>>>();
  ctx_.offload([open = open_session_, options = options_, log = ctx_.log(),
                session] { *session = open(options, log); },
               [this, session] { opened(std::move(*session)); });
}

void Ebpf::opened(Result<std::unique_ptr<profiler::Session>> session) {
  if (!session) {
    failing_total_->add();
    Duration wait = backoff_.next();
    ctx_.log().error("the profiler cannot be attached", {{"error", session.error().message}});
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", session.error().message, rough_text(wait)));
    retry_ = ctx_.after(wait, [this] { open(); });
    return;
  }
  backoff_.reset();
  ++sessions_;
  sessions_total_->add();
  session_ = *std::move(session);
  ctx_.offer<profile::CollectionReport>(session_->report());
  use_targets();
  next_collection_ = ctx_.clock().mono() + std::min(kFirstWindow, args_.collect_interval);
  report_health();
  tick();
}

void Ebpf::use_targets() {
  ProfiledTargets profiled = profiled_targets(args_.targets);
  targets_ = profiled.targets.size();
  unusable_targets_ = profiled.unusable;
  active_targets_->set(static_cast<double>(targets_));
  bool new_service = false;
  for (const auto& target : profiled.targets) {
    if (services_.size() >= kServicesKnown) break;
    new_service |= services_.emplace(target.labels.get("service_name")).second;
  }
  if (new_service) next_collection_ = std::min(next_collection_, ctx_.clock().mono() + kFirstWindow);
  new_targets_ = std::move(profiled.targets);
  ctx_.offer_view(runtime::list_view("targets", "Targets to profile", args_.targets.list));
}

void Ebpf::tick() {
  MonoTime now = ctx_.clock().mono();
  if (now >= next_collection_) {
    collect_wanted_ = true;
    next_collection_ = std::max(next_collection_ + args_.collect_interval, now);
  }
  if (now >= next_report_) {
    next_report_ = now + kReportInterval;
    report_health();
  }
  step();
  ticker_ = ctx_.after(std::min(kDrainInterval, args_.collect_interval), [this] { tick(); });
}

void Ebpf::step() {
  if (!session_ || round_running_) return;
  round_running_ = true;
  auto round = std::make_shared<Round>();
  round->session = session_;
  round->now = ctx_.clock().wall();
  if (auto wanted = args_.session_options(); wanted != options_) {
    round->options = wanted;
    // A window has one rate; what was sampled at the old one is handed over first.
    round->collect = wanted.sample_rate != options_.sample_rate;
    options_ = wanted;
  }
  round->targets = std::exchange(new_targets_, std::nullopt);
  round->collect = std::exchange(collect_wanted_, false) || round->collect;
  ctx_.offload([round] { round->run(); }, [this, round] { finished(*round); });
}

void Ebpf::finished(Round& round) {
  round_running_ = false;
  if (round.options) {
    options_error_ = round.options_result ? "" : round.options_result.error().message;
    if (!options_error_.empty()) ctx_.log().error("new arguments were refused", {{"error", options_error_}});
  }
  if (round.collect) {
    ++windows_;
    processes_ = std::move(round.processes);
    symbol_files_ = std::move(round.symbol_files);
    forward(round.profiles);
    count_losses(round.session->report()->stats());
    report_health();
    report_debug_info();
  }
  if (collect_wanted_ || new_targets_ || args_.session_options() != options_) step();
}

void Ebpf::forward(const std::vector<profile::ProfilePtr>& profiles) {
  for (const auto& profile : profiles) {
    MonoTime before = ctx_.clock().mono();
    for (const auto& receiver : args_.forward_to) {
      if (receiver) receiver->push(profile);
    }
    fanout_latency_->observe(std::chrono::duration<double>(ctx_.clock().mono() - before).count());
    std::int64_t samples = 0;
    for (const auto& sample : profile->samples) samples += sample.count;
    std::string service(profile->labels.get("service_name"));
    // Names come from the programs' owners: they must not make series without end.
    if (!services_.contains(service)) service = "(other)";
    MetricLabels labels{{"service_name", std::move(service)}};
    ctx_.metrics().counter("pyroscope_ebpf_pprofs_total", "Profiles handed over.", labels)->add();
    ctx_.metrics()
        .counter("pyroscope_ebpf_pprof_samples_total", "Samples in these profiles.", labels)
        ->add(static_cast<double>(samples));
  }
  profiles_ += profiles.size();
  if (!profiles.empty()) last_profile_ = ctx_.clock().mono();
}

void Ebpf::count_losses(const profile::CollectionStats& stats) {
  for (const auto& loss : stats.losses) {
    std::uint64_t& counted = losses_[loss.reason];
    if (loss.count < counted) counted = 0;  // another session
    auto counter = ctx_.metrics().counter("pyroscope_ebpf_lost_samples_total", "Samples lost, by reason.",
                                          {{"reason", loss.reason}});
    counter->add(static_cast<double>(loss.count - counted));
    counted = loss.count;
  }
}

void Ebpf::report_health() {
  using runtime::HealthState;
  if (!session_) return;
  if (!options_error_.empty()) return ctx_.set_health(HealthState::unhealthy, options_error_);
  if (targets_ == 0 && unusable_targets_ > 0) {
    return ctx_.set_health(HealthState::unhealthy,
                           fmt::format("none of the {} names a process or a container: they need a label "
                                       "__process_pid__ or __container_id__",
                                       count_text(unusable_targets_, "target")));
  }
  if (targets_ == 0) return ctx_.set_health(HealthState::healthy, "running: there are no targets");
  if (auto stats = session_->report()->stats(); stats.refused_targets > 0) {
    return ctx_.set_health(HealthState::unhealthy,
                           fmt::format("{} of {} not profiled: {}", stats.refused_targets,
                                       count_text(targets_, "target"), stats.refused_why));
  }
  auto running = static_cast<std::uint64_t>(std::ranges::count_if(processes_, is_running));
  std::string message = fmt::format("running: {}, ", count_text(targets_, "target"));
  if (windows_ == 0) {
    message += "the first profile comes soon";
  } else if (running > 0 && last_profile_ == MonoTime()) {
    message += count_text(running, "process") + ", no profile yet";
  } else if (running == 0) {
    message += "but no target matches a running process that has used the CPU";
  } else {
    message += fmt::format("{}, last profile {} ago", count_text(running, "process"),
                           rough_text(ctx_.clock().mono() - last_profile_));
  }
  ctx_.set_health(HealthState::healthy, std::move(message));
}

void Ebpf::report_debug_info() {
  auto stats = session_ ? session_->report()->stats() : profile::CollectionStats();
  EbpfInfo info{.targets = targets_,
                .unusable_targets = unusable_targets_,
                .processes = static_cast<std::uint64_t>(std::ranges::count_if(processes_, is_running)),
                .sessions = sessions_,
                .samples = stats.samples,
                .unselected_samples = stats.unselected,
                .profiles = profiles_};
  std::ranges::sort(processes_, std::greater(), &profiler::ProcessInfo::samples);
  for (const auto& process : processes_) {
    if (info.process_list.size() == kShown) break;
    double complete = process.samples == 0 ? 0
                                           : static_cast<double>(process.complete_samples) * 100 /
                                                 static_cast<double>(process.samples);
    info.process_list.push_back({.pid = process.pid,
                                 .comm = process.comm,
                                 .service = process.service,
                                 .container_id = process.container_id,
                                 .mappings = process.mappings,
                                 .samples = process.samples,
                                 .complete_percent = complete,
                                 .exited = process.exited});
  }
  std::ranges::sort(symbol_files_, std::greater(), &profiler::SymbolFileInfo::bytes);
  for (const auto& file : symbol_files_) {
    if (info.symbol_tables.size() == kShown) break;
    info.symbol_tables.push_back({.file = file.file,
                                  .build_id = file.build_id,
                                  .symbols = file.symbols,
                                  .bytes = file.bytes,
                                  .error = file.error});
  }
  for (const auto& loss : stats.losses) {
    info.losses.push_back({.reason = loss.reason, .count = loss.count, .meaning = loss.meaning});
  }
  ctx_.publish_debug_info(info);
}

}  // namespace weir::pyroscope

template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Ebpf>();
