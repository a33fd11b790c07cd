// Worker: one thread, made at the first job, for queries that would hold up
// the server's own thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace weir::web {

class Worker {
 public:
  explicit Worker(std::size_t capacity);
  // Waits for the job that runs; those still queued are dropped.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False when `capacity` jobs wait already. Called on one thread.
  bool post(std::function<void()> job);

 private:
  struct Queue;
  static void run(const std::shared_ptr<Queue>& queue);

  std::shared_ptr<Queue> queue_;
  std::thread thread_;
};

}  // namespace weir::web
