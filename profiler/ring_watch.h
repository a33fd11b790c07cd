// RingWatch: a thread that waits for the kernel's program to say that a record
// should not wait for the next drain, and passes it on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/duration.h"
#include "base/fd.h"
#include "base/result.h"

namespace weir::profiler {

class RingWatch {
 public:
  // `call` comes from the thread, not more often than once in `pause`.
  static Result<std::unique_ptr<RingWatch>> start(Duration pause);
  ~RingWatch();  // ends the thread
  RingWatch(const RingWatch&) = delete;
  RingWatch& operator=(const RingWatch&) = delete;

  // Waits for this ring too; it is left alone again when it is closed.
  Result<> watch(int ring);
  // Once this has returned, what was called before is not called any more.
  void set_call(std::function<void()> call);

 private:
  explicit RingWatch(Duration pause) : pause_(pause) {}
  void run();
  // For a ring; false when the thread is to end.
  bool wait();
  bool pause();

  Duration pause_;
  Fd rings_;          // an epoll set; stop_ is in it too
  Fd stop_;           // an eventfd
  std::mutex mutex_;  // guards call_, and is held while it runs
  std::function<void()> call_;
  std::thread thread_;
};

}  // namespace weir::profiler
