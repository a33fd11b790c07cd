#include "web/worker.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace weir::web {

struct Worker::Queue {
  std::size_t capacity;
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  bool stopping = false;
};

Worker::Worker(std::size_t capacity) : queue_(std::make_shared<Queue>()) {
  queue_->capacity = capacity;
}

Worker::~Worker() {
  {
    std::lock_guard lock(queue_->mutex);
    queue_->stopping = true;
  }
  queue_->changed.notify_all();
  if (!thread_.joinable()) return;
  // A job's reply may hold the last reference to whoever owns this worker: the
  // thread cannot wait for itself, and has its own hold on the queue.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

bool Worker::post(std::function<void()> job) {
  {
    std::lock_guard lock(queue_->mutex);
    if (queue_->jobs.size() >= queue_->capacity) return false;
    queue_->jobs.push_back(std::move(job));
  }
  if (!thread_.joinable()) {
    thread_ = std::thread([queue = queue_] { run(queue); });
  }
  queue_->changed.notify_one();
  return true;
}

void Worker::run(const std::shared_ptr<Queue>& queue) {
  pthread_setname_np(pthread_self(), "weir-web");
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(queue->mutex);
      queue->changed.wait(lock, [&] { return queue->stopping || !queue->jobs.empty(); });
      if (queue->stopping) return;
      job = std::move(queue->jobs.front());
      queue->jobs.pop_front();
    }
    job();
  }
}

}  // namespace weir::web
