#include "profiler/process/watched_reads.h"

#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "profiler/process/container_id.h"
#include "profiler/process/proc_files.h"

namespace weir::profiler {

namespace {

// A hostile process may invent names without end.
constexpr std::size_t kMostRemembered = 4096;

MonoTime now() {
  return std::chrono::steady_clock::now();
}

struct Job {
  std::function<void()> work;
  ReadRisk risk;
  bool done = false;
  bool abandoned = false;
  std::condition_variable finished;
};

struct Worker {
  std::shared_ptr<Job> job;
  std::condition_variable wake;
  std::thread thread;
};
using WorkerPtr = std::shared_ptr<Worker>;

struct Group {
  Duration wasted{};
  MonoTime since{};
};

// Outlives WatchedReads while a thread hangs.
struct State {
  std::mutex mutex;  // guards all of this, workers and jobs
  std::vector<WorkerPtr> workers, idle;
  std::unordered_map<std::string, MonoTime> stuck;  // by key: since when
  std::unordered_map<std::string, Group> groups;    // by name; also those that wasted nothing
  WatchedReadsStats stats;
  bool closing = false;
};

void work_for(const std::shared_ptr<State>& state, const WorkerPtr& worker) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    worker->wake.wait(lock, [&] { return worker->job || state->closing; });
    if (!worker->job) return;
    std::shared_ptr<Job> job = std::move(worker->job);
    lock.unlock();
    job->work();
    job->work = nullptr;
    lock.lock();
    job->done = true;
    if (job->abandoned) {
      --state->stats.hanging;
      ++state->stats.returned;
      state->stuck.erase(job->risk.key);
      return;
    }
    state->idle.push_back(worker);
    // Without the lock: whom it wakes would wait for that at once.
    lock.unlock();
    job->finished.notify_one();
    lock.lock();
  }
}

class ThreadedReads final : public WatchedReads {
 public:
  explicit ThreadedReads(WatchedReadsOptions options) : options_(options) {}
  ~ThreadedReads() override;

  WatchedReadsStats stats() const override {
    std::lock_guard lock(state_->mutex);
    return state_->stats;
  }

 private:
  Result<> run_erased(const ReadRisk& risk, std::function<void()> work) override;
  // All of these with the lock held.
  Result<> refuse(const ReadRisk& risk);
  Result<WorkerPtr> take_worker();
  void abandon(const WorkerPtr& worker, Job& job);
  void account(const ReadRisk& risk, Duration took);
  void forget_old();

  WatchedReadsOptions options_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

ThreadedReads::~ThreadedReads() {
  std::vector<WorkerPtr> workers;
  {
    std::lock_guard lock(state_->mutex);
    state_->closing = true;
    workers = std::exchange(state_->workers, {});
    for (const WorkerPtr& worker : workers) worker->wake.notify_one();
  }
  for (const WorkerPtr& worker : workers) worker->thread.join();
}

Result<> ThreadedReads::refuse(const ReadRisk& risk) {
  auto stuck = state_->stuck.find(risk.key);
  if (stuck != state_->stuck.end() && now() - stuck->second < options_.leave_alone)
    return fail("left alone: a read there hung");
  if (risk.group.empty()) return {};
  auto group = state_->groups.find(risk.group);
  bool known = group != state_->groups.end();
  if (known && group->second.wasted > options_.patience)
    return fail("left alone: reads of {} hung too often", risk.group);
  bool trusted = known && group->second.wasted == Duration::zero();
  if (state_->stats.hanging >= options_.most_hanging && !trusted)
    return fail("left alone: too many other reads hang");
  return {};
}

Result<WorkerPtr> ThreadedReads::take_worker() {
  if (!state_->idle.empty()) {
    WorkerPtr worker = std::move(state_->idle.back());
    state_->idle.pop_back();
    return worker;
  }
  auto worker = std::make_shared<Worker>();
  try {
    worker->thread = std::thread([state = state_, worker] { work_for(state, worker); });
  } catch (const std::system_error& error) {
    return fail("start a thread to read with: {}", error.what());
  }
  state_->workers.push_back(worker);
  return worker;
}

// Nothing ends a thread that waits in the kernel. It ends by itself, should the read ever return.
void ThreadedReads::abandon(const WorkerPtr& worker, Job& job) {
  job.abandoned = true;
  worker->thread.detach();
  std::erase(state_->workers, worker);
  ++state_->stats.hung;
  ++state_->stats.hanging;
  forget_old();
  state_->stuck[job.risk.key] = now();
}

void ThreadedReads::account(const ReadRisk& risk, Duration took) {
  constexpr int kSlow = 4;  // of the deadline: an honest cold disk may take that once
  if (risk.group.empty()) return;
  if (state_->groups.size() >= kMostRemembered) forget_old();
  Group& group = state_->groups[risk.group];
  if (now() - group.since > options_.leave_alone) group = {.since = now()};
  if (took > options_.deadline / kSlow) group.wasted += took;
}

void ThreadedReads::forget_old() {
  auto old = [&](MonoTime since) { return now() - since > options_.leave_alone; };
  std::erase_if(state_->stuck, [&](const auto& entry) { return old(entry.second); });
  std::erase_if(state_->groups, [&](const auto& entry) { return old(entry.second.since); });
  while (state_->stuck.size() >= kMostRemembered) state_->stuck.erase(state_->stuck.begin());
  auto harmless = [](const auto& entry) { return entry.second.wasted == Duration::zero(); };
  if (state_->groups.size() >= kMostRemembered) std::erase_if(state_->groups, harmless);
  while (state_->groups.size() >= kMostRemembered) state_->groups.erase(state_->groups.begin());
}

Result<> ThreadedReads::run_erased(const ReadRisk& risk, std::function<void()> work) {
  std::unique_lock lock(state_->mutex);
  if (auto refused = refuse(risk); !refused) {
    ++state_->stats.left_alone;
    return refused;
  }
  auto worker = take_worker();
  if (!worker) return fail(worker.error());
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->risk = risk;
  MonoTime begin = now();
  (*worker)->job = job;
  (*worker)->wake.notify_one();
  bool done = job->finished.wait_until(lock, begin + options_.deadline, [&] { return job->done; });
  account(risk, now() - begin);
  if (done) return {};
  abandon(*worker, *job);
  return fail("the read hung for {}", format_duration(options_.deadline));
}

struct Owner {
  std::string group;
  std::uint64_t inode = 0;  // of its directory in /proc: another process with its pid has another one
};

// A container answers for itself; what runs outside of all, by its user.
Owner owner_of(std::uint32_t pid) {
  struct stat status{};
  if (::stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0) return {"processes that ended", 0};
  std::string container;
  each_line(read_proc(pid, "cgroup").value_or(""), [&](std::string_view line) {
    if (container.empty()) container = container_id(line.substr(line.rfind(':') + 1));
  });
  if (!container.empty()) return {"container " + container, status.st_ino};
  return {"user " + std::to_string(status.st_uid), status.st_ino};
}

}  // namespace

std::shared_ptr<WatchedReads> WatchedReads::create(WatchedReadsOptions options) {
  return std::make_shared<ThreadedReads>(options);
}

ReadRisk risk_of_file(std::uint32_t pid, std::string_view path) {
  std::string group = pid == 0 ? "" : owner_of(pid).group;
  std::string key = group + "\n" + std::string(path.substr(0, path.rfind('/')));
  return {.key = std::move(key), .group = std::move(group)};
}

ReadRisk risk_of_process(std::uint32_t pid) {
  Owner owner = owner_of(pid);
  return {.key = "process " + std::to_string(pid) + " " + std::to_string(owner.inode),
          .group = std::move(owner.group)};
}

}  // namespace weir::profiler
