#include "profiler/session.h"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "base/own_usage.h"
#include "profiler/aggregator.h"
#include "profiler/frame_names.h"
#include "profiler/kernel_version.h"
#include "profiler/machine.h"
#include "profiler/memory_limit.h"
#include "profiler/process/cgroups.h"
#include "profiler/process/mappings.h"
#include "profiler/process/table.h"
#include "profiler/profile_builder.h"
#include "profiler/ring_watch.h"
#include "profiler/sample_buffer.h"
#include "profiler/sampler.h"
#include "profiler/session_counts.h"
#include "profiler/symbols/build_id.h"
#include "profiler/symbols/symbolizer.h"
#include "profiler/targets.h"
#include "profiler/unwind_quality.h"
#include "profiler/unwind_registry.h"

namespace weir::profiler {

namespace {

using profile::CollectionStats;

// The first pid namespace of every machine; there the kernel's own numbers are ours.
constexpr ino_t kFirstPidNamespace = 0xeffffffc;

std::uint32_t own_pid_namespace() {
  struct stat status{};
  if (stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kFirstPidNamespace) return 0;
  return static_cast<std::uint32_t>(status.st_ino);
}

// Between two calls of on_urgent.
constexpr Duration kUrgentPause = std::chrono::milliseconds(10);
// Between two looks at the kernel's counters where no window ends.
constexpr Duration kPublishInterval = std::chrono::seconds(1);

SamplerOptions sampler_options(const SessionOptions& options, const CgroupHierarchy& hierarchy,
                               const Machine& machine) {
  return {.sample_rate = options.sample_rate,
          .collect = {.user = options.collect_user, .kernel = options.collect_kernel},
          .pid_entries = options.limits.kernel_pid_entries,
          .cgroup_entries = static_cast<std::uint32_t>(
              std::clamp<std::size_t>(options.limits.container_ids * 2, 64, 1u << 20)),
          .own_pid_namespace = own_pid_namespace(),
          .hierarchy = hierarchy.kind,
          .unwind = machine.unwind_tables().maps()};
}

ProcessTableLimits process_limits(const SessionLimits& limits) {
  return {.entries = limits.processes, .rounds = limits.cache_rounds};
}

AggregatorOptions aggregator_options(const SessionOptions& options, MemoryLevel level) {
  return {.collect_kernel = options.collect_kernel,
          .comm_tag = options.comm != CommPlace::none,
          .pid_tag = options.pid_label,
          .is_full = level == MemoryLevel::no_samples,
          .processes = options.limits.kernel_pid_entries};
}

std::optional<ProfiledTarget> default_target(const SessionOptions& options) {
  if (!options.default_target) return std::nullopt;
  return ProfiledTarget{.pid = 0, .container_id = {}, .labels = *options.default_target};
}

UnwindLimits unwind_limits(const SessionLimits& limits) {
  return {.bytes = limits.unwind_bytes, .processes = limits.kernel_pid_entries};
}

// Read by any thread, written by the session's.
class Report final : public profile::CollectionReport {
 public:
  CollectionStats stats() const override {
    std::lock_guard lock(mutex_);
    return stats_;
  }
  void publish(CollectionStats stats) {
    std::lock_guard lock(mutex_);
    stats_ = std::move(stats);
  }

 private:
  mutable std::mutex mutex_;  // guards stats_
  CollectionStats stats_;
};

class KernelSession final : public Session {
 public:
  // What the kernel gave.
  struct Parts {
    CgroupHierarchy hierarchy;
    std::shared_ptr<Machine> machine;
    std::unique_ptr<Sampler> sampler;
    std::unique_ptr<MappingEvents> events;
    std::unique_ptr<RingWatch> watch;
  };

  KernelSession(SessionOptions options, Logger log, Parts parts)
      : options_(options),
        log_(std::move(log)),
        hierarchy_(std::move(parts.hierarchy)),
        machine_(std::move(parts.machine)),
        sampler_(std::move(parts.sampler)),
        events_(std::move(parts.events)),
        watch_(std::move(parts.watch)),
        table_(process_limits(options.limits), machine_->reads()),
        cgroups_(hierarchy_, options.limits.container_ids),
        aggregator_(
            table_, cgroups_, targets_,
            [this](std::uint64_t id, cpu_sample_choice choice) { sampler_->decide_cgroup(id, choice); }),
        registry_(
            machine_, table_,
            [this](std::uint32_t pid, std::string_view container) {
              return targets_.find(pid, container) || targets_.default_target();
            },
            unwind_limits(options.limits)),
        names_(Symbolizer::create(machine_->symbol_files(), options.limits, options.demangle),
               machine_->reads()),
        kernel_build_id_(kernel_build_id()),
        window_start_(std::chrono::steady_clock::now()) {
    aggregator_.on_sampled(
        [this](const Process& process, const SampleView& sample) { registry_.sampled(process, sample); });
    apply(options);
    publish();
  }
  ~KernelSession() override;

  void set_targets(std::vector<ProfiledTarget> targets) override;
  Result<> set_options(SessionOptions options) override;
  void on_urgent(std::function<void()> call) override { watch_->set_call(std::move(call)); }
  void drain() override;
  Duration next_drain() const override;
  std::vector<profile::ProfilePtr> collect(WallTime now) override;
  std::vector<profile::ProfilePtr> finish(WallTime now) override;

  std::shared_ptr<const profile::CollectionReport> report() const override { return report_; }
  std::vector<ProcessInfo> processes() const override;
  std::vector<SymbolFileInfo> symbol_files() const override { return names_.symbolizer().files(); }
  std::vector<ModuleUnwinding> unwind_quality() const override;
  MachineReport machine() override;

 private:
  void apply(const SessionOptions& options);
  Result<> reopen_sampler(const SessionOptions& options);
  Result<> change_rate(std::uint32_t hertz);
  void set_collect(const SessionOptions& options);
  void select_everyone(const SessionOptions& options);
  void use_limits(const SessionLimits& limits);
  void keep_memory_limit();
  void choose_pids(const std::vector<std::uint32_t>& pids);
  void decide_all_cgroups();
  // Takes what was sampled up to `until` (CLOCK_MONOTONIC, ns); the rest waits in samples_.
  void take(std::uint64_t until);
  void follow(const ProcessEvent& event);
  void close_window(WallTime now);
  void follow_cpus();
  void give_back_memory();
  void publish();
  CollectionStats count() const;

  SessionOptions options_;
  Logger log_;
  CgroupHierarchy hierarchy_;
  std::shared_ptr<Machine> machine_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<MappingEvents> events_;
  std::unique_ptr<RingWatch> watch_;
  ProcessTable table_;
  Cgroups cgroups_;
  Targets targets_;
  Aggregator aggregator_;
  UnwindRegistry registry_;
  UnwindQuality quality_;
  FrameNames names_;
  SampleBuffer samples_;
  std::uint64_t seen_ = 0;                          // CLOCK_MONOTONIC, ns: up to which events were taken
  std::unordered_set<std::uint32_t> refused_pids_;  // targets for which the kernel's map had no room
  std::string refused_why_;
  SamplerStats earlier_;  // of samplers that were replaced
  std::string kernel_build_id_;
  MonoTime window_start_;
  MemoryLevel memory_level_ = MemoryLevel::ordinary;
  MonoTime next_memory_look_;
  MonoTime next_publish_;
  bool tables_left_ = false;                 // to be made in the next drain
  std::vector<profile::ProfilePtr> closed_;  // windows that ended before collect() was called
  std::uint64_t profiles_ = 0;
  std::uint64_t lost_events_ = 0;
  std::size_t symbol_files_ = 0;     // when memory was given back last …
  std::uint64_t unwind_tables_ = 0;  // … and how many had been made
  std::uint64_t abandoned_ = 0;      // samples of windows that nobody took over
  bool is_finished_ = false;
  std::shared_ptr<Report> report_ = std::make_shared<Report>();
};

void KernelSession::set_targets(std::vector<ProfiledTarget> targets) {
  TargetChange change = targets_.set(std::move(targets));
  for (std::uint32_t pid : change.removed_pids) sampler_->drop_pid(pid);
  choose_pids(change.added_pids);
  if (change.containers_changed) decide_all_cgroups();
  sampler_->select_by_cgroup(targets_.has_containers());
  select_everyone(options_);
  set_collect(options_);
  registry_.drop_unchosen();
  for (std::uint32_t pid : change.added_pids) registry_.expect(pid);
  tables_left_ = registry_.update(seen_);
}

// What the kernel need not collect it does not; the rest is the aggregator's choice.
void KernelSession::set_collect(const SessionOptions& options) {
  sampler_->set_collect(
      {.user = options.collect_user, .kernel = options.collect_kernel || targets_.any_wants_kernel()});
}

void KernelSession::choose_pids(const std::vector<std::uint32_t>& pids) {
  // Those that found no room before may find it now.
  auto wanted = std::exchange(refused_pids_, {});
  std::size_t refused_before = wanted.size();
  wanted.insert(pids.begin(), pids.end());
  std::string why;
  for (std::uint32_t pid : wanted) {
    if (!targets_.find(pid, "")) continue;
    auto chosen = sampler_->choose_pid(pid);
    if (chosen) continue;
    refused_pids_.insert(pid);
    why = chosen.error().message;
  }
  refused_why_ = refused_pids_.empty() ? "" : why;
  if (refused_pids_.size() <= refused_before) return;
  log_.warn("targets are not profiled", {{"targets", std::to_string(refused_pids_.size())}, {"err", why}});
}

void KernelSession::decide_all_cgroups() {
  cgroups_.each([&](std::uint64_t id, const std::string& container) {
    sampler_->decide_cgroup(
        id, targets_.wants_container(container) ? CPU_SAMPLE_CHOICE_YES : CPU_SAMPLE_CHOICE_NO);
  });
}

Result<> KernelSession::set_options(SessionOptions options) {
  if (options == options_) return {};
  if (options.limits.kernel_pid_entries != options_.limits.kernel_pid_entries) {
    // The size of a kernel map is fixed when it is made: the one change that loads the program anew.
    if (auto reopened = reopen_sampler(options); !reopened) return reopened;
  } else if (options.sample_rate != options_.sample_rate) {
    if (auto changed = change_rate(options.sample_rate); !changed) return changed;
  }
  if (options.comm != options_.comm || options.pid_label != options_.pid_label ||
      options.default_target != options_.default_target) {
    take(monotonic_ns());
    close_window(std::chrono::system_clock::now());
  }
  if (options.limits != options_.limits) use_limits(limits_at(memory_level_, options.limits));
  options_ = options;
  apply(options);
  return {};
}

void KernelSession::use_limits(const SessionLimits& limits) {
  table_.set_limits(process_limits(limits));
  cgroups_.set_limit(limits.container_ids);
  names_.symbolizer().set_limits(limits);
  registry_.set_limits(unwind_limits(limits));
}

// Looks at what all of weir and the session's maps take, and gives up what has to be.
void KernelSession::keep_memory_limit() {
  constexpr auto kBetweenLooks = std::chrono::seconds(1);
  MonoTime now = std::chrono::steady_clock::now();
  if ((options_.limits.memory == 0 && memory_level_ == MemoryLevel::ordinary) || now < next_memory_look_)
    return;
  next_memory_look_ = now + kBetweenLooks;
  auto next = [&] {
    return next_memory_level(memory_level_, own_resident_bytes() + report_->stats().map_bytes,
                             options_.limits.memory);
  };
  MemoryLevel before = memory_level_;
  memory_level_ = next();
  if (memory_level_ > before) {
    use_limits(limits_at(memory_level_, options_.limits));
    names_.forget();
    malloc_trim(0);
    memory_level_ = next();
  }
  if (memory_level_ == before) return;
  use_limits(limits_at(memory_level_, options_.limits));
  aggregator_.set_options(aggregator_options(options_, memory_level_));
  log_.info("the memory limit changed what is kept", {{"given_up", std::string(to_string(memory_level_))}});
}

void KernelSession::select_everyone(const SessionOptions& options) {
  sampler_->select_everyone(options.default_target.has_value() || targets_.has_children());
}

// What an open session and one whose sampler is new need to be told alike.
void KernelSession::apply(const SessionOptions& options) {
  set_collect(options);
  sampler_->set_comm(options.comm != CommPlace::none);
  select_everyone(options);
  aggregator_.set_options(aggregator_options(options, memory_level_));
  targets_.set_default(default_target(options));
}

Result<> KernelSession::change_rate(std::uint32_t hertz) {
  if (auto changed = sampler_->set_rate(hertz); !changed) return changed;
  take(monotonic_ns());
  close_window(std::chrono::system_clock::now());
  return {};
}

Result<> KernelSession::reopen_sampler(const SessionOptions& options) {
  auto next = Sampler::open(sampler_options(options, hierarchy_, *machine_));
  if (!next) return fail(next.error());
  if (auto watched = watch_->watch((*next)->wait_fd()); !watched) return watched;
  // What the old one has sampled is read to the last; the new one has nothing chosen yet.
  sampler_->detach();
  take(~std::uint64_t{0});
  close_window(std::chrono::system_clock::now());
  earlier_ += sampler_->stats();
  sampler_ = std::move(*next);
  refused_pids_.clear();
  choose_pids(targets_.pids());
  decide_all_cgroups();
  sampler_->select_by_cgroup(targets_.has_containers());
  return {};
}

void KernelSession::drain() {
  take(~std::uint64_t{0});
  if (std::chrono::steady_clock::now() >= next_publish_) publish();
  keep_memory_limit();
}

Duration KernelSession::next_drain() const {
  return tables_left_ ? kDrainInterval : std::max(kDrainInterval, sampler_->safe_pause());
}

// Children of a target's process are known before their first sample.
void KernelSession::follow(const ProcessEvent& event) {
  if (const auto* fork = std::get_if<ForkEvent>(&event.what)) targets_.started(fork->parent, event.pid);
  bool is_leader = event.pid == event.tid;
  if (is_leader && std::holds_alternative<ExitEvent>(event.what)) targets_.ended(event.pid);
}

void KernelSession::take(std::uint64_t until) {
  seen_ = monotonic_ns();
  // Samples first: then every mapping that a sample needs is among the events.
  sampler_->drain([&](const SampleView& sample) { samples_.push(*sample.head); });
  std::vector<ProcessEvent> events = events_->drain();
  if (events_->lost() != lost_events_) {
    log_.debug("mapping events were lost", {{"events", std::to_string(events_->lost() - lost_events_)}});
    lost_events_ = events_->lost();
    table_.distrust();
  }
  MonoTime now = std::chrono::steady_clock::now();
  std::size_t next = 0;
  auto apply_next = [&] {
    table_.apply(events[next]);
    follow(events[next]);
    registry_.happened(events[next++]);
  };
  samples_.take_until(until, [&](const SampleView& sample) {
    while (next < events.size() && events[next].time <= sample.head->time) apply_next();
    aggregator_.add(sample, now);
  });
  while (next < events.size()) apply_next();
  tables_left_ = registry_.update(seen_);
  for (std::uint64_t id : cgroups_.take_forgotten()) sampler_->forget_cgroup(id);
}

std::vector<profile::ProfilePtr> KernelSession::collect(WallTime now) {
  take(~std::uint64_t{0});
  close_window(now);
  follow_cpus();
  publish();
  return std::exchange(closed_, {});
}

std::vector<profile::ProfilePtr> KernelSession::finish(WallTime now) {
  watch_->set_call(nullptr);
  sampler_->detach();
  is_finished_ = true;
  take(~std::uint64_t{0});
  close_window(now);
  publish();
  return std::exchange(closed_, {});
}

KernelSession::~KernelSession() {
  watch_->set_call(nullptr);
  if (is_finished_) return;
  // Nobody waits for the last window: at least it is counted.
  sampler_->detach();
  take(~std::uint64_t{0});
  for (const TargetState* state : targets_.with_samples())
    abandoned_ += static_cast<std::uint64_t>(state->window.samples());
  for (const auto& profile : closed_) {
    for (const auto& sample : profile->samples) abandoned_ += static_cast<std::uint64_t>(sample.count);
  }
  publish();
}

void KernelSession::follow_cpus() {
  auto followed = sampler_->follow_cpus();
  if (followed) followed = events_->follow_cpus();
  if (!followed) log_.warn("a CPU is not profiled", {{"err", followed.error().message}});
}

void KernelSession::close_window(WallTime now) {
  MonoTime end = std::chrono::steady_clock::now();
  WindowFacts facts{.sample_rate = options_.sample_rate,
                    .start = now - std::chrono::duration_cast<WallTime::duration>(end - window_start_),
                    .duration = end - window_start_,
                    .kernel_build_id = kernel_build_id_,
                    .comm = options_.comm};
  for (TargetState* state : targets_.with_samples()) {
    facts.labels = state->target.labels;
    facts.demangle = state->target.demangle.value_or(options_.demangle);
    auto made = build_profile(state->window, facts, names_, state->pids);
    for (const auto& [end, count] : state->ends) {
      if (begins_thread(made, end.places)) table_.add_complete(end.pid, count);
    }
    quality_.add(state->window, made);
    Naming naming = naming_of(made);
    for (std::uint32_t pid : state->pids) table_.set_naming(pid, naming);
    closed_.push_back(std::make_shared<const profile::Profile>(std::move(made)));
    ++profiles_;
  }
  targets_.end_window();
  names_.end_window();
  table_.end_window();
  registry_.end_window();
  window_start_ = end;
  give_back_memory();
}

// Reading a table takes several times the memory that it keeps.
void KernelSession::give_back_memory() {
  std::size_t files = names_.symbolizer().files().size();
  std::uint64_t tables = registry_.tables().stats().loaded;
  if (files != symbol_files_ || tables != unwind_tables_) malloc_trim(0);
  symbol_files_ = files;
  unwind_tables_ = tables;
}

CollectionStats KernelSession::count() const {
  SamplerStats kernel = sampler_->stats();
  kernel += earlier_;
  CollectionStats stats = count_samples(kernel, aggregator_, quality_, abandoned_);
  UnwindStats unwinding = registry_.tables().stats();
  stats.profiles = profiles_;
  // What all sessions share is counted once.
  stats.map_bytes += events_->bytes() + unwinding.kernel_bytes / std::max<std::size_t>(unwinding.users, 1);
  stats.refused_targets = refused_pids_.size();
  stats.refused_why = refused_why_;
  stats.degraded = to_string(memory_level_);
  return stats;
}

void KernelSession::publish() {
  next_publish_ = std::chrono::steady_clock::now() + kPublishInterval;
  report_->publish(count());
}

std::vector<ProcessInfo> KernelSession::processes() const {
  std::vector<ProcessInfo> infos;
  for (const Process* process : table_.sampled_processes()) {
    ProcessInfo info{.pid = process->pid,
                     .comm = process->comm,
                     .container_id = process->container_id,
                     .service = "",
                     .mappings = process->mappings.size(),
                     .samples = process->samples,
                     .complete_samples = process->complete_samples,
                     .naming = process->naming,
                     .exited = process->exited || process->gone,
                     .exited_unread = process->gone,
                     .windows_unused = table_.windows_unused(*process),
                     .error = process->gone ? "no such process" : process->unreadable};
    const TargetState* target = targets_.find(process->pid, process->container_id);
    if (!target) target = targets_.default_target();
    if (target) info.service = target->target.labels.get("service_name");
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<ModuleUnwinding> KernelSession::unwind_quality() const {
  auto modules = quality_.modules();
  std::map<std::pair<std::string, std::string>, UnwindTableInfo> tables;
  for (auto& table : registry_.tables().tables()) {
    std::pair key(table.file, table.build_id);
    tables.insert_or_assign(std::move(key), std::move(table));
  }
  for (auto& module : modules) {
    auto table = tables.find({module.file, module.build_id});
    if (table == tables.end()) continue;
    module.rows = table->second.rows;
    module.bytes = table->second.bytes;
    module.error = table->second.error;
  }
  return modules;
}

MachineReport KernelSession::machine() {
  MachineReport report = machine_->report(registry_.user());
  report.overflow = registry_.overflow();
  report.lost_events = events_->lost();
  report.evicted_processes = table_.evicted();
  report.evicted_containers = cgroups_.evicted();
  return report;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionOptions options, Logger log) {
  if (!options.any_kernel) {
    if (auto checked = check_kernel(); !checked) return fail(checked.error());
  }
  KernelSession::Parts parts{.hierarchy = machine_hierarchy()};
  auto machine = Machine::shared();
  if (!machine) return fail(machine.error());
  parts.machine = std::move(*machine);
  auto sampler = Sampler::open(sampler_options(options, parts.hierarchy, *parts.machine));
  if (!sampler) return fail(sampler.error());
  parts.sampler = std::move(*sampler);
  auto events = MappingEvents::open();
  if (!events) return fail(events.error());
  parts.events = std::move(*events);
  auto watch = RingWatch::start(kUrgentPause);
  if (!watch) return fail(watch.error());
  for (int fd : {parts.sampler->wait_fd(), parts.events->readable_fd()}) {
    if (auto watched = (*watch)->watch(fd); !watched) return fail(watched.error());
  }
  parts.watch = std::move(*watch);
  // Loading reads all type information of the kernel, several megabytes, and frees it again.
  malloc_trim(0);
  return std::make_unique<KernelSession>(options, std::move(log), std::move(parts));
}

}  // namespace weir::profiler
