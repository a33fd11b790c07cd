#include "profiler/session.h"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "profiler/aggregator.h"
#include "profiler/frame_names.h"
#include "profiler/process/cgroups.h"
#include "profiler/process/mappings.h"
#include "profiler/process/table.h"
#include "profiler/profile_builder.h"
#include "profiler/sample_buffer.h"
#include "profiler/sampler.h"
#include "profiler/symbols/build_id.h"
#include "profiler/symbols/symbolizer.h"
#include "profiler/targets.h"

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

SamplerOptions sampler_options(const SessionOptions& options, const CgroupHierarchy& hierarchy) {
  return {.sample_rate = options.sample_rate,
          .collect = {.user = options.collect_user, .kernel = options.collect_kernel},
          .pid_entries = options.limits.kernel_pid_entries,
          .cgroup_entries = static_cast<std::uint32_t>(
              std::clamp<std::size_t>(options.limits.container_ids * 2, 64, 1u << 20)),
          .own_pid_namespace = own_pid_namespace(),
          .hierarchy = hierarchy.kind};
}

ProcessTableLimits process_limits(const SessionLimits& limits) {
  return {.entries = limits.processes, .rounds = limits.cache_rounds};
}

AggregatorOptions aggregator_options(const SessionOptions& options) {
  return {.collect_kernel = options.collect_kernel,
          .comm_tag = options.comm != CommPlace::none,
          .pid_tag = options.pid_label,
          .processes = options.limits.kernel_pid_entries};
}

std::optional<ProfiledTarget> default_target(const SessionOptions& options) {
  if (!options.default_target) return std::nullopt;
  return ProfiledTarget{.pid = 0, .container_id = {}, .labels = *options.default_target};
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
  KernelSession(SessionOptions options, Logger log, CgroupHierarchy hierarchy,
                std::unique_ptr<Sampler> sampler, std::unique_ptr<MappingEvents> events)
      : options_(options),
        log_(std::move(log)),
        hierarchy_(std::move(hierarchy)),
        sampler_(std::move(sampler)),
        events_(std::move(events)),
        table_(process_limits(options.limits), reads_),
        cgroups_(hierarchy_, options.limits.container_ids),
        aggregator_(
            table_, cgroups_, targets_,
            [this](std::uint64_t id, cpu_sample_choice choice) { sampler_->decide_cgroup(id, choice); }),
        names_(Symbolizer::create(std::make_shared<SymbolFiles>(reads_), options.limits, options.demangle),
               reads_),
        kernel_build_id_(kernel_build_id()),
        window_start_(std::chrono::steady_clock::now()) {
    apply(options);
    publish();
  }

  void set_targets(std::vector<ProfiledTarget> targets) override;
  Result<> set_options(SessionOptions options) override;
  void on_urgent(std::function<void()> call) override { urgent_ = std::move(call); }
  void drain() override;
  std::vector<profile::ProfilePtr> collect(WallTime now) override;

  std::shared_ptr<const profile::CollectionReport> report() const override { return report_; }
  std::vector<ProcessInfo> processes() const override;
  std::vector<SymbolFileInfo> symbol_files() const override { return names_.symbolizer().files(); }

 private:
  void apply(const SessionOptions& options);
  Result<> reopen_sampler(const SessionOptions& options);
  Result<> change_rate(std::uint32_t hertz);
  void set_collect(const SessionOptions& options);
  void choose_pids(std::vector<std::uint32_t> pids);
  void decide_all_cgroups();
  // Takes what was sampled up to `until` (CLOCK_MONOTONIC, ns); the rest waits in samples_.
  void take(std::uint64_t until);
  void close_window(WallTime now);
  void follow_cpus();
  void give_back_memory();
  void publish();
  CollectionStats count() const;

  SessionOptions options_;
  Logger log_;
  CgroupHierarchy hierarchy_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<MappingEvents> events_;
  std::shared_ptr<WatchedReads> reads_ = WatchedReads::create();
  ProcessTable table_;
  Cgroups cgroups_;
  Targets targets_;
  Aggregator aggregator_;
  FrameNames names_;
  SampleBuffer samples_;
  std::vector<std::uint32_t> refused_pids_;  // targets for which the kernel's map had no room
  std::string refused_why_;
  SamplerStats earlier_;  // of samplers that were replaced
  std::string kernel_build_id_;
  MonoTime window_start_;
  std::vector<profile::ProfilePtr> closed_;  // windows that ended before collect() was called
  std::uint64_t profiles_ = 0;
  std::uint64_t lost_events_ = 0;
  std::size_t symbol_files_ = 0;  // when memory was given back last
  std::function<void()> urgent_;
  std::shared_ptr<Report> report_ = std::make_shared<Report>();
};

void KernelSession::set_targets(std::vector<ProfiledTarget> targets) {
  TargetChange change = targets_.set(std::move(targets));
  for (std::uint32_t pid : change.removed_pids) sampler_->drop_pid(pid);
  choose_pids(std::move(change.added_pids));
  if (change.containers_changed) decide_all_cgroups();
  sampler_->select_by_cgroup(targets_.has_containers());
  set_collect(options_);
}

// What the kernel need not collect it does not; the rest is the aggregator's choice.
void KernelSession::set_collect(const SessionOptions& options) {
  sampler_->set_collect(
      {.user = options.collect_user, .kernel = options.collect_kernel || targets_.any_wants_kernel()});
}

void KernelSession::choose_pids(std::vector<std::uint32_t> pids) {
  // Those that found no room before may find it now.
  std::size_t refused_before = refused_pids_.size();
  for (std::uint32_t pid : std::exchange(refused_pids_, {})) pids.push_back(pid);
  std::string why;
  for (std::uint32_t pid : pids) {
    if (!targets_.find(pid, "")) continue;
    auto chosen = sampler_->choose_pid(pid);
    if (chosen) continue;
    refused_pids_.push_back(pid);
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
  if (options.limits != options_.limits) {
    table_.set_limits(process_limits(options.limits));
    cgroups_.set_limit(options.limits.container_ids);
    names_.symbolizer().set_limits(options.limits);
  }
  options_ = options;
  apply(options);
  return {};
}

// What an open session and one whose sampler is new need to be told alike.
void KernelSession::apply(const SessionOptions& options) {
  set_collect(options);
  sampler_->set_comm(options.comm != CommPlace::none);
  sampler_->select_everyone(options.default_target.has_value());
  aggregator_.set_options(aggregator_options(options));
  targets_.set_default(default_target(options));
}

Result<> KernelSession::change_rate(std::uint32_t hertz) {
  if (auto changed = sampler_->set_rate(hertz); !changed) return changed;
  take(monotonic_ns());
  close_window(std::chrono::system_clock::now());
  return {};
}

Result<> KernelSession::reopen_sampler(const SessionOptions& options) {
  auto next = Sampler::open(sampler_options(options, hierarchy_));
  if (!next) return fail(next.error());
  take(monotonic_ns());
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
  publish();
}

void KernelSession::take(std::uint64_t until) {
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
  samples_.take_until(until, [&](const SampleView& sample) {
    while (next < events.size() && events[next].time <= sample.head->time) table_.apply(events[next++]);
    aggregator_.add(sample, now);
  });
  while (next < events.size()) table_.apply(events[next++]);
  for (std::uint64_t id : cgroups_.take_forgotten()) sampler_->forget_cgroup(id);
}

std::vector<profile::ProfilePtr> KernelSession::collect(WallTime now) {
  take(~std::uint64_t{0});
  close_window(now);
  follow_cpus();
  publish();
  return std::exchange(closed_, {});
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
    closed_.push_back(std::make_shared<const profile::Profile>(std::move(made)));
    ++profiles_;
  }
  targets_.end_window();
  names_.end_window();
  table_.end_window();
  window_start_ = end;
  give_back_memory();
}

// Reading a symbol table takes several times the memory that it keeps.
void KernelSession::give_back_memory() {
  std::size_t files = names_.symbolizer().files().size();
  if (files != symbol_files_) malloc_trim(0);
  symbol_files_ = files;
}

CollectionStats KernelSession::count() const {
  SamplerStats kernel = sampler_->stats();
  kernel += earlier_;
  CollectionStats stats;
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
       aggregator_.count(Outcome::target_removed));
  lost("container_unknown", "The process and its cgroup ended before their container could be found.",
       aggregator_.count(Outcome::container_unknown));
  lost("window_full", "The target had too many distinct stacks in one window: shorten collect_interval.",
       aggregator_.count(Outcome::window_full));
  lost("pid_map_full", "As many processes as pid_map_size says are profiled already.",
       aggregator_.count(Outcome::not_admitted));
  lost("kernel_off", "The CPU was in kernel code, and the target wants no kernel stacks.",
       aggregator_.count(Outcome::kernel_off));
  lost("malformed", "A record was not what the kernel's program writes: report this.", kernel.malformed);
  stats.attributed = aggregator_.count(Outcome::attributed);
  stats.samples += stats.attributed;
  stats.unselected = kernel[CPU_SAMPLE_UNSELECTED] + aggregator_.count(Outcome::unselected);
  stats.idle = kernel[CPU_SAMPLE_IDLE] + kernel[CPU_SAMPLE_KERNEL_THREAD];
  stats.profiles = profiles_;
  std::uint64_t spent = kernel.run_time_ns != 0 ? kernel.run_time_ns : kernel[CPU_SAMPLE_BUSY_NS];
  stats.kernel_time = Duration(static_cast<std::int64_t>(spent));
  stats.map_bytes = kernel.map_bytes + events_->bytes();
  stats.refused_targets = refused_pids_.size();
  stats.refused_why = refused_why_;
  return stats;
}

void KernelSession::publish() {
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
                     .exited = process->exited || process->gone};
    const TargetState* target = targets_.find(process->pid, process->container_id);
    if (!target) target = targets_.default_target();
    if (target) info.service = target->target.labels.get("service_name");
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionOptions options, Logger log) {
  CgroupHierarchy hierarchy = machine_hierarchy();
  auto sampler = Sampler::open(sampler_options(options, hierarchy));
  if (!sampler) return fail(sampler.error());
  auto events = MappingEvents::open();
  if (!events) return fail(events.error());
  // Loading reads all type information of the kernel, several megabytes, and frees it again.
  malloc_trim(0);
  return std::make_unique<KernelSession>(options, std::move(log), std::move(hierarchy), std::move(*sampler),
                                         std::move(*events));
}

}  // namespace weir::profiler
