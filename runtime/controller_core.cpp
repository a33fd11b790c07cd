#include "runtime/controller_core.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "runtime/files.h"
#include "runtime/metric_table.h"

namespace weir::runtime {
namespace {

constexpr std::array kHealthStates = {HealthState::exited, HealthState::unhealthy, HealthState::waiting,
                                      HealthState::unknown, HealthState::healthy};

double count_in_state(const Snapshot& snapshot, HealthState state) {
  return static_cast<double>(std::ranges::count_if(
      snapshot.nodes, [&](const auto& node) { return node->state()->health.state == state; }));
}

}  // namespace

std::shared_ptr<ControllerCore> ControllerCore::create(Environment environment, Controller::Options options) {
  std::shared_ptr<ControllerCore> core(new ControllerCore(std::move(environment), std::move(options)));
  core->make_services();
  core->make_metrics();
  core->graph_ = std::make_unique<RunningGraph>(std::make_shared<Plan>(), core->services_);
  // Detached: stop() waits for it, but not for ever.
  std::thread([core] { core->run(); }).detach();
  return core;
}

ControllerCore::ControllerCore(Environment environment, Controller::Options options)
    : options_(std::move(options)),
      services_(std::make_shared<HostServices>()),
      snapshot_(std::make_shared<const Snapshot>()) {
  services_->environment = std::move(environment);
}

void ControllerCore::make_services() {
  services_->reactor = std::make_shared<Reactor>();
  auto call_later = [reactor = services_->reactor](Duration delay, std::function<void()> check) {
    reactor->at(system_clock().mono() + delay, std::move(check));
  };
  services_->pool = WorkerPool::create({.call_later = call_later});
  services_->seat = std::make_shared<ControllerSeat>(call_later);
  services_->on_exports = [weak = weak_from_this()](std::shared_ptr<Host> host) {
    auto core = weak.lock();
    if (core == nullptr) return;
    {
      std::lock_guard lock(core->mutex_);
      core->fresh_.push_back(std::move(host));
    }
    // Not under the lock: whoever wakes up would wait for it at once.
    core->changed_.notify_all();
  };
}

void ControllerCore::make_metrics() {
  MetricRegistry& metrics = *services_->environment.metrics;
  last_load_success_ = metrics.gauge(metric::kLoadSuccess.name, metric::kLoadSuccess.help);
  load_timestamp_ = metrics.gauge(metric::kLoadTimestamp.name, metric::kLoadTimestamp.help);
  metrics.gauge_callback(metric::kQueue.name, metric::kQueue.help, {}, [weak = weak_from_this()] {
    auto core = weak.lock();
    return core ? core->waiting() : 0;
  });
  for (HealthState state : kHealthStates) {
    metrics.gauge_callback(metric::kComponents.name, metric::kComponents.help,
                           {{std::string(metric::kComponents.label), std::string(to_string(state))}},
                           [weak = weak_from_this(), state] {
                             auto core = weak.lock();
                             return core ? count_in_state(*core->snapshot(), state) : 0;
                           });
  }
}

void ControllerCore::post(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (is_ending_) return;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

double ControllerCore::waiting() const {
  std::lock_guard lock(mutex_);
  return static_cast<double>(jobs_.size() + fresh_.size());
}

std::shared_ptr<const Snapshot> ControllerCore::snapshot() const {
  std::lock_guard lock(mutex_);
  return snapshot_;
}

// All that was published meanwhile goes into one wave; jobs in between see a settled graph.
void ControllerCore::run() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    changed_.wait(lock, [&] { return is_ending_ || !jobs_.empty() || !fresh_.empty(); });
    if (is_ending_) break;
    auto jobs = std::exchange(jobs_, {});
    auto fresh = std::exchange(fresh_, {});
    lock.unlock();
    for (const auto& host : fresh) graph_->take_exports(*host);
    fresh.clear();
    graph_->run_wave([this](std::shared_ptr<Host> host) { begin(std::move(host)); });
    take_news();
    for (const auto& job : jobs) job();
    take_news();
    jobs.clear();
    lock.lock();
  }
  auto jobs = std::exchange(jobs_, {});
  auto fresh = std::exchange(fresh_, {});
  is_thread_over_ = true;
  changed_.notify_all();
  lock.unlock();
}

// ---- stopping ----

bool ControllerCore::end_thread(MonoTime until) {
  // Who waits for one of these must not wait for a thread that hangs.
  std::vector<std::function<void()>> dropped;
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
    dropped.swap(jobs_);
  }
  dropped.clear();
  std::unique_lock lock(mutex_);
  changed_.notify_all();
  return changed_.wait_until(lock, until, [&] { return is_thread_over_; });
}

std::vector<std::string> ControllerCore::stop_hosts(MonoTime soft, MonoTime hard) {
  std::vector<std::shared_ptr<StopSequence>> sequences;
  std::vector<StopSequence::Entry> roster;
  {
    std::lock_guard lock(mutex_);
    sequences.swap(stopping_);
    roster.swap(roster_);
  }
  sequences.push_back(StopSequence::begin(std::move(roster)));
  for (const auto& sequence : sequences) {
    if (!sequence->wait(soft)) sequence->hurry();
  }
  std::vector<std::string> hung;
  for (const auto& sequence : sequences) {
    sequence->wait(hard);
    for (const auto& host : sequence->left()) {
      hung.push_back(host->id());
      host->abandon();
    }
  }
  return hung;
}

std::vector<std::string> ControllerCore::stop() {
  using std::chrono::milliseconds;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(is_stopped_, true)) return {};
  }
  services_->is_ending = true;
  MonoTime start = system_clock().mono();
  std::vector<std::string> hung;
  std::vector<StopSequence::Entry> all;
  bool is_thread_over = end_thread(start + milliseconds(1000));
  if (!is_thread_over) {
    std::lock_guard lock(mutex_);
    all = roster_;
  }
  hung = stop_hosts(start + milliseconds(2500), start + milliseconds(4300));
  if (!is_thread_over) is_thread_over = end_thread(system_clock().mono());
  if (!is_thread_over) {
    if (auto holder = services_->seat->host()) hung.push_back(holder->id());
    for (const auto& entry : all) entry.host->abandon();
  }
  // Transforms end with the graph; one that hangs keeps it.
  if (is_thread_over) graph_.reset();
  services_->reactor->stop();
  // Offloaded work that goes on would outlive what it writes its log to.
  if (!services_->pool->stop(start + milliseconds(hung.empty() ? 4500 : 4400))) {
    for (std::string& owner : services_->pool->offloading()) {
      if (std::ranges::find(hung, owner) == hung.end()) hung.push_back(std::move(owner));
    }
  }
  for (HealthState state : kHealthStates) {
    services_->environment.metrics->remove({{"health_type", std::string(to_string(state))}});
  }
  return hung;
}

// ---- watching the config ----

void ControllerCore::watch_config() {
  auto watch = FileWatch::open(options_.config_path);
  if (!watch) {
    Logger(*services_->environment.log, "").warn("config is not watched", {{"err", watch.error().message}});
    return;
  }
  watch_ = *std::move(watch);
  watch_id_ = services_->reactor->when_readable(watch_->fd(), [weak = weak_from_this()] {
    auto core = weak.lock();
    if (core) core->post([raw = core.get()] { raw->on_watch_event(); });
  });
  // What was saved between the load and now nobody has told.
  schedule_reload(Duration::zero());
}

void ControllerCore::on_watch_event() {
  FileWatch::Change change = watch_->drain();
  services_->reactor->rearm(watch_id_);
  // A save is several events; and what an editor moves away it is about to write anew.
  if (change == FileWatch::Change::written) schedule_reload(std::chrono::milliseconds(5));
  if (change == FileWatch::Change::removed) schedule_reload(std::chrono::milliseconds(100));
}

void ControllerCore::schedule_reload(Duration delay) {
  MonoTime at = system_clock().mono() + delay;
  if (reload_timer_ != 0 && reload_at_ <= at) return;
  services_->reactor->remove(reload_timer_);
  reload_at_ = at;
  reload_timer_ = services_->reactor->at(at, [weak = weak_from_this()] {
    auto core = weak.lock();
    if (core) core->post([raw = core.get()] { raw->reload_if_changed(); });
  });
}

void ControllerCore::reload_if_changed() {
  reload_timer_ = 0;
  lang::Diagnostics unreadable;
  auto sources = read_config(options_.config_path, unreadable);
  bool is_same = !lang::has_errors(unreadable) &&
                 std::ranges::equal(sources, last_sources_, [](const auto& a, const auto& b) {
                   return a->name() == b->name() && a->text() == b->text();
                 });
  if (!is_same) load("file changed");
}

}  // namespace weir::runtime
