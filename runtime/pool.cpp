#include "runtime/pool.h"

#include <algorithm>
#include <utility>

namespace weir::runtime {

std::shared_ptr<WorkerPool> WorkerPool::create(Options options) {
  return std::shared_ptr<WorkerPool>(new WorkerPool(std::move(options)));
}

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {}

void WorkerPool::offload(std::string owner, std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    offloaded_.push_back({.owner = std::move(owner), .work = std::move(work)});
    add_worker_if_needed();
  }
  work_there_.notify_one();
}

void WorkerPool::run_strand(std::shared_ptr<Strand> strand) {
  {
    std::lock_guard lock(mutex_);
    ready_.push_back(std::move(strand));
    add_worker_if_needed();
  }
  // Not under the lock: whoever wakes up would wait for it at once.
  work_there_.notify_one();
}

bool WorkerPool::may_offload() const {
  return !offloaded_.empty() && offloads_running_ < std::max(1U, options_.workers - 1);
}

bool WorkerPool::has_work() const {
  return !ready_.empty() || may_offload();
}

void WorkerPool::add_worker_if_needed() {
  // An idle worker that has been woken counts as idle until it has taken its work.
  std::size_t waiting = ready_.size() + (may_offload() ? 1 : 0);
  if (idle_ >= waiting) return;
  if (workers_ - busy_ >= options_.workers) return;
  ++workers_;
  // Detached: nothing could join a worker that a component holds for ever.
  std::thread([pool = shared_from_this()] { pool->run_worker(); }).detach();
}

void WorkerPool::watch() {
  if (watching_ || !options_.call_later) return;
  watching_ = true;
  options_.call_later(options_.busy_after, [weak = weak_from_this()] {
    if (auto pool = weak.lock()) pool->check();
  });
}

void WorkerPool::check() {
  std::unique_lock lock(mutex_);
  MonoTime now = system_clock().mono();
  for (Job& job : jobs_) {
    if (job.busy || now - job.since < options_.busy_after) continue;
    job.busy = true;
    ++busy_;
    if (!job.strand) --offloads_running_;
    if (job.strand) job.strand->on_busy_(&job.since);
  }
  watching_ = false;
  if (!jobs_.empty()) watch();
  add_worker_if_needed();
  lock.unlock();
  work_there_.notify_one();
}

void WorkerPool::work_once(std::unique_lock<std::mutex>& lock) {
  auto job = jobs_.insert(jobs_.end(), {.strand = nullptr, .owner = "", .since = system_clock().mono()});
  std::function<void()> work;
  // Strands first: their tasks are short, and somebody waits for them.
  if (!ready_.empty()) {
    job->strand = std::move(ready_.front());
    ready_.pop_front();
  } else {
    job->owner = std::move(offloaded_.front().owner);
    work = std::move(offloaded_.front().work);
    offloaded_.pop_front();
    ++offloads_running_;
  }
  watch();
  lock.unlock();
  if (job->strand) {
    job->strand->run_one();
  } else {
    work();
    work = nullptr;
  }
  lock.lock();
  if (!job->strand && !job->busy) --offloads_running_;
  if (job->busy) --busy_;
  if (job->busy && job->strand) job->strand->on_busy_(nullptr);
  // The last reference to a strand may be ours, and what it frees must not run under the lock.
  std::shared_ptr<Strand> strand = std::move(job->strand);
  jobs_.erase(job);
  lock.unlock();
  strand = nullptr;
  lock.lock();
}

void WorkerPool::run_worker() {
  std::unique_lock lock(mutex_);
  for (;;) {
    // One that was busy finds its place taken.
    if (workers_ - busy_ > options_.workers) break;
    if (has_work()) {
      work_once(lock);
      continue;
    }
    if (stopping_) break;
    ++idle_;
    work_there_.wait(lock);
    --idle_;
  }
  --workers_;
  worker_gone_.notify_all();
}

bool WorkerPool::stop(MonoTime until) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  work_there_.notify_all();
  return worker_gone_.wait_until(lock, until, [&] { return workers_ == 0; });
}

std::vector<std::string> WorkerPool::offloading() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> owners;
  for (const Job& job : jobs_) {
    if (!job.strand) owners.push_back(job.owner);
  }
  return owners;
}

std::shared_ptr<Strand> Strand::create(std::shared_ptr<WorkerPool> pool, OnBusy on_busy) {
  return std::shared_ptr<Strand>(new Strand(std::move(pool), std::move(on_busy)));
}

void Strand::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (!resumed_ || std::exchange(scheduled_, true)) return;
  }
  pool_->run_strand(shared_from_this());
}

void Strand::resume(std::function<void()> first) {
  {
    std::lock_guard lock(mutex_);
    if (first) tasks_.push_front(std::move(first));
    resumed_ = true;
    if (tasks_.empty() || std::exchange(scheduled_, true)) return;
  }
  pool_->run_strand(shared_from_this());
}

// One task only: a busy neighbour gets its turn between two of ours.
void Strand::run_one() {
  std::function<void()> task;
  {
    std::lock_guard lock(mutex_);
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  task();
  task = nullptr;
  {
    std::lock_guard lock(mutex_);
    scheduled_ = !tasks_.empty();
    if (!scheduled_) return;
  }
  pool_->run_strand(shared_from_this());
}

}  // namespace weir::runtime
