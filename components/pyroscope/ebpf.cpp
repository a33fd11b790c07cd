#include "components/pyroscope/ebpf.h"

#include <unistd.h>

#include <algorithm>
#include <semaphore>

#include "components/pyroscope/ebpf_report.h"
#include "components/pyroscope/ebpf_targets.h"
#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr Duration kReportInterval = std::chrono::seconds(5);
// A person who has just started weir, or a service, wants to see something soon.
constexpr Duration kFirstWindow = std::chrono::seconds(4);
constexpr std::size_t kAsked = 1000;  // processes of targets looked for where no profile came

profiler::CommPlace comm_place(std::string_view word) {
  if (word == "label") return profiler::CommPlace::label;
  if (word == "stackframe") return profiler::CommPlace::stackframe;
  return word == "both" ? profiler::CommPlace::both : profiler::CommPlace::none;
}

// Of a limit for everything, what tables of symbols and for unwinding may take each.
std::size_t share(std::size_t limit, std::size_t ordinary) {
  return limit == 0 ? ordinary : std::min(ordinary, limit / 4);
}

bool exists(std::uint32_t pid) {
  return ::access(fmt::format("/proc/{}", pid).c_str(), F_OK) == 0;
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
      .comm = comm_place(comm),
      .pid_label = pid_label,
      .default_target = default_labels(default_target, !targets_only),
      .any_kernel = no_kernel_version_check,
      .limits =
          {
              .cache_rounds = static_cast<std::uint64_t>(cache_rounds),
              .processes = size(pid_cache_size),
              .build_id_files = size(build_id_cache_size),
              .same_files = size(same_file_cache_size),
              .container_ids = size(container_id_cache_size),
              .symbol_bytes = share(size(memory_limit), defaults.symbol_bytes),
              .unwind_bytes = share(size(memory_limit), defaults.unwind_bytes),
              .memory = size(memory_limit),
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
  bool finish = false;  // with the last collection
  WallTime now;

  std::vector<std::uint32_t> target_pids;  // to be looked for where no profile comes

  std::vector<profile::ProfilePtr> profiles;
  std::vector<NamedFrames> frames;  // of each
  std::uint64_t running_targets = 0;
  Result<> options_result;
  std::vector<profiler::ProcessInfo> processes;
  std::vector<profiler::SymbolFileInfo> symbol_files;
  std::vector<profiler::ModuleUnwinding> unwinding;
  profiler::MachineReport machine;
  Duration next_drain{};

  std::binary_semaphore over{0};

  void run() {
    work();
    over.release();
  }

  void work() {
    if (collect) {
      profiles = finish ? session->finish(now) : session->collect(now);
      processes = session->processes();
      symbol_files = session->symbol_files();
      unwinding = session->unwind_quality();
      // Of the last collection only the profiles are of use: what has come since is for another session to
      // tell.
      if (!finish) machine = session->machine();
      for (const auto& profile : profiles) frames.push_back(NamedFrames::of(*profile));
      if (profiles.empty())
        running_targets = static_cast<std::uint64_t>(std::ranges::count_if(target_pids, exists));
    } else {
      session->drain();
    }
    if (options) options_result = session->set_options(*options);
    if (targets) session->set_targets(*std::move(targets));
    next_drain = session->next_drain();
  }
};

Ebpf::Ebpf(runtime::Context& ctx, Arguments args, OpenSession open_session)
    : ctx_(ctx), args_(std::move(args)), open_session_(std::move(open_session)), metrics_(ctx) {}

void Ebpf::start() {
  use_targets();
  if (!may_wait()) return open();
  ctx_.set_health(runtime::HealthState::healthy, "not attached: lazy_mode is on, and there is no target");
}

bool Ebpf::may_wait() const {
  return args_.lazy_mode && state_.targets == 0 && !args_.session_options().default_target;
}

void Ebpf::apply(Arguments args) {
  bool targets_changed = args.targets != args_.targets;
  args_ = std::move(args);
  targets_changed ? use_targets() : use_default_target();
  next_collection_ = std::min(next_collection_, ctx_.clock().mono() + args_.collect_interval);
  if (session_) {
    report_health();
    step();
  } else if (!opening_ && (!retry_ || args_.session_options() != options_) && !may_wait()) {
    // Other arguments may be the cure of what kept it from opening.
    open();
  }
}

void Ebpf::stop() {
  ticker_.reset();
  retry_.reset();
  ctx_.offer<profile::CollectionReport>(nullptr);
  ctx_.offer<profile::ProcessReport>(nullptr);
  if (!session_) return;
  session_->on_urgent(nullptr);
  hand_over_last_window();
  round_.reset();
  session_.reset();
}

void Ebpf::hand_over_last_window() {
  // What the pool does for the session must be over first. All components have to stop within seconds; what
  // is left then the session counts when it ends.
  constexpr auto kPatience = std::chrono::seconds(1);
  if (round_running_ && !round_->over.try_acquire_for(kPatience)) {
    ctx_.log().warn("the last window is lost: its collection takes too long");
    return;
  }
  if (round_running_ && round_->collect) forward(*round_);
  Round last;
  last.session = session_;
  last.now = ctx_.clock().wall();
  last.collect = last.finish = true;
  last.run();
  forward(last);
}

void Ebpf::open() {
  retry_.reset();
  opening_ = true;
  options_ = args_.session_options();
  auto session = std::make_shared<Result<std::unique_ptr<profiler::Session>>>();
  ctx_.offload([open = open_session_, options = options_, log = ctx_.log(),
                session] { *session = open(options, log); },
               [this, session] { opened(std::move(*session)); });
}

void Ebpf::opened(Result<std::unique_ptr<profiler::Session>> session) {
  opening_ = false;
  if (!session) {
    metrics_.window_failed();
    Duration wait = backoff_.next();
    ctx_.log().error("the profiler cannot be attached", {{"error", session.error().message}});
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", session.error().message, rough_text(wait)));
    retry_ = ctx_.after(wait, [this] { open(); });
    return;
  }
  backoff_.reset();
  ++sessions_;
  session_ = *std::move(session);
  ctx_.offer<profile::CollectionReport>(session_->report());
  session_->on_urgent([this] { ctx_.post([this] { urgent(); }); });
  use_targets();
  next_collection_ = ctx_.clock().mono() + std::min(kFirstWindow, args_.collect_interval);
  report_health();
  tick();
}

void Ebpf::use_targets() {
  ProfiledTargets profiled = profiled_targets(args_.targets);
  state_.targets = profiled.targets.size();
  state_.unusable_targets = profiled.unusable;
  state_.has_containers = false;
  metrics_.set_targets(profiled.targets.size());
  target_pids_.clear();
  target_labels_.clear();
  bool new_service = false;
  for (const auto& target : profiled.targets) {
    new_service |= metrics_.know_service(target.labels.get("service_name"));
    state_.has_containers |= target.pid == 0;
    if (target.pid != 0 && target_pids_.size() < kAsked) target_pids_.push_back(target.pid);
    if (target_labels_.size() < kAsked) target_labels_.push_back(target.labels);
  }
  if (new_service) next_collection_ = std::min(next_collection_, ctx_.clock().mono() + kFirstWindow);
  target_services_ = std::make_shared<const TargetServices>(profiled.targets);
  new_targets_ = std::move(profiled.targets);
  ctx_.offer_view(runtime::list_view("targets", "Targets to profile", args_.targets.list));
  use_default_target();
}

void Ebpf::use_default_target() {
  auto labels = args_.session_options().default_target;
  state_.has_default_target = labels.has_value();
  if (labels) metrics_.know_service(labels->get("service_name"));
  offer_processes();
}

void Ebpf::offer_processes() {
  std::optional<std::string> otherwise;
  if (auto labels = args_.session_options().default_target) otherwise = labels->get("service_name");
  ctx_.offer<profile::ProcessReport>(
      std::make_shared<const EbpfProcesses>(target_services_, std::move(otherwise), processes_));
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
  if (collect_wanted_ || now >= last_drain_ + next_drain_) step();
  await_tick();
}

// A drain that something urgent asked for counts too.
void Ebpf::await_tick() {
  constexpr Duration kLeast = std::chrono::milliseconds(1);
  MonoTime now = ctx_.clock().mono();
  MonoTime drain = (round_running_ ? now : last_drain_) + next_drain_;
  ticker_ =
      ctx_.after(std::max(kLeast, Duration(std::min(drain, next_collection_) - now)), [this] { tick(); });
}

// A process waits for its unwind tables: the next tick would be late for it.
void Ebpf::urgent() {
  urgent_wanted_ = round_running_;
  step();
}

void Ebpf::step() {
  if (!session_ || round_running_) return;
  round_running_ = true;
  last_drain_ = ctx_.clock().mono();
  auto round = round_ = std::make_shared<Round>();
  round->session = session_;
  round->now = ctx_.clock().wall();
  round->target_pids = target_pids_;
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
  bool is_sooner = round.next_drain < std::exchange(next_drain_, round.next_drain);
  if (is_sooner && ticker_) await_tick();
  round_.reset();
  metrics_.count_bytes();
  if (round.options) {
    state_.options_error = round.options_result ? "" : round.options_result.error().message;
    if (!round.options_result) {
      metrics_.window_failed();
      ctx_.log().error("new arguments were refused", {{"error", state_.options_error}});
    }
  }
  if (round.collect && session_) {
    ++state_.windows;
    state_.processes = static_cast<std::uint64_t>(std::ranges::count_if(round.processes, is_running));
    state_.running_targets = round.running_targets;
    forward(round);
    metrics_.window_ended();
    state_.losses = metrics_.count_losses(session_->report()->stats());
    metrics_.count_machine(round.machine);
    metrics_.count_errors(round.symbol_files, round.processes);
    report_health();
    processes_ = collected_processes(round.processes);
    offer_processes();
    report_debug_info(round);
  }
  bool is_urgent = std::exchange(urgent_wanted_, false);
  if (is_urgent || collect_wanted_ || new_targets_ || args_.session_options() != options_) step();
}

void Ebpf::forward(const Round& round) {
  for (std::size_t i = 0; i < round.profiles.size(); ++i) {
    const auto& profile = round.profiles[i];
    MonoTime before = ctx_.clock().mono();
    for (const auto& receiver : args_.forward_to) {
      if (receiver) receiver->push(profile);
    }
    metrics_.handed_over(*profile, round.frames[i], ctx_.clock().mono() - before);
  }
  profiles_ += round.profiles.size();
  state_.window_profiles = round.profiles.size();
  if (!round.profiles.empty()) last_profile_ = ctx_.clock().mono();
}

void Ebpf::report_health() {
  if (!session_) return;
  state_.has_receiver = std::ranges::any_of(args_.forward_to, [](const auto& to) { return to != nullptr; });
  state_.ever_profiled = last_profile_ != MonoTime();
  state_.since_profile = ctx_.clock().mono() - last_profile_;
  EbpfHealth health = health_of(state_, session_->report()->stats());
  ctx_.set_health(health.state, std::move(health.message));
}

void Ebpf::report_debug_info(Round& round) {
  auto stats = session_->report()->stats();
  EbpfInfo info{.targets = target_infos(target_labels_),
                .active_targets = state_.targets,
                .unusable_targets = state_.unusable_targets,
                .processes = state_.processes,
                .sessions = sessions_,
                .samples = stats.samples,
                .unselected_samples = stats.unselected,
                .profiles = profiles_,
                .arch = machine_arch(),
                .kernel = machine_kernel()};
  CacheRounds rounds{.rounds = static_cast<std::uint64_t>(args_.cache_rounds), .current = state_.windows};
  info.pid_cache = pid_cache_info(std::move(round.processes), rounds);
  info.elf_cache = elf_cache_info(std::move(round.symbol_files));
  info.pid_cache.overflow = round.machine.overflow;
  info.pid_cache.evicted = round.machine.evicted_processes;
  info.elf_cache.build_id_cache.evicted = round.machine.all.symbols.evicted_with_build_id;
  info.elf_cache.same_file_cache.evicted = round.machine.all.symbols.evicted_by_inode;
  info.evicted_container_ids = round.machine.evicted_containers;
  info.lost_events = round.machine.lost_events;
  info.losses = loss_infos(stats.losses);
  info.complete_stacks = stats.complete;
  info.incomplete = loss_infos(stats.incomplete);
  info.unwinding = unwind_infos(std::move(round.unwinding));
  info.shared = shared_info(round.machine.all);
  info.cost = cost_info(stats);
  ctx_.publish_debug_info(info);
}

}  // namespace weir::pyroscope

template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Ebpf>();
