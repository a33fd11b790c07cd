// WorkerPool and Strand: where components run. A strand runs its tasks one at
// a time and in order, on whichever worker is free; heavy work runs beside.
// Threads come into being when there is something to run for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"

namespace weir::runtime {

class Strand;

class WorkerPool : public std::enable_shared_from_this<WorkerPool> {
 public:
  struct Options {
    unsigned workers = std::max(2U, std::thread::hardware_concurrency());
    // A task that runs longer is busy: its strand hears of it and another worker takes this one's place.
    Duration busy_after = std::chrono::seconds(1);
    // Calls check() after the given time, on a thread that is never held up. Asked for only while tasks run.
    std::function<void(Duration, std::function<void()>)> call_later;
  };

  static std::shared_ptr<WorkerPool> create(Options options);

  // Work that may take long; at most one less than there are workers runs at a time. What has become busy
  // does not count: work that never returns must not keep others from theirs.
  // `owner` is who is to blame when it does not return.
  void offload(std::string owner, std::function<void()> work);

  // Runs what is queued, then ends the workers. False when some are still held at the deadline; those end
  // when what holds them returns.
  bool stop(MonoTime until);
  // The owners of offloaded work that is running.
  std::vector<std::string> offloading() const;

 private:
  friend class Strand;

  struct Job {
    std::shared_ptr<Strand> strand;  // null: offloaded
    std::string owner;               // of offloaded work
    MonoTime since;
    bool busy = false;
  };

  struct Offloaded {
    std::string owner;
    std::function<void()> work;
  };

  explicit WorkerPool(Options options);
  void run_strand(std::shared_ptr<Strand> strand);
  void check();
  // All of these with the lock held.
  bool has_work() const;
  bool may_offload() const;
  void add_worker_if_needed();
  void watch();
  void work_once(std::unique_lock<std::mutex>& lock);
  void run_worker();

  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable work_there_, worker_gone_;
  std::deque<std::shared_ptr<Strand>> ready_;
  std::deque<Offloaded> offloaded_;
  std::list<Job> jobs_;  // being run
  std::size_t workers_ = 0, idle_ = 0, busy_ = 0;
  std::size_t offloads_running_ = 0;  // that are not busy
  bool watching_ = false;
  bool stopping_ = false;
};

class Strand : public std::enable_shared_from_this<Strand> {
 public:
  // `on_busy` hears when a task has become busy, and (null) when it is over. Called with the pool's lock
  // held: it must not post.
  using OnBusy = std::function<void(const MonoTime* since)>;

  static std::shared_ptr<Strand> create(std::shared_ptr<WorkerPool> pool, OnBusy on_busy);

  // From any thread. Tasks do not throw. Until resume() they only gather.
  void post(std::function<void()> task);
  // Lets tasks run; `first` (may be null) goes before all that have gathered.
  void resume(std::function<void()> first);

 private:
  friend class WorkerPool;

  Strand(std::shared_ptr<WorkerPool> pool, OnBusy on_busy)
      : pool_(std::move(pool)), on_busy_(std::move(on_busy)) {}
  void run_one();

  std::shared_ptr<WorkerPool> pool_;
  OnBusy on_busy_;
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  bool scheduled_ = false;  // in the pool's queue, or running
  bool resumed_ = false;
};

}  // namespace weir::runtime
