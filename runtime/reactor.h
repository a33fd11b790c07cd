// Reactor: one thread that knows the time and the file descriptors. What it
// calls must return at once (it posts to a strand or to the controller). The
// thread begins with the first timer or watch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/fd.h"

namespace weir::runtime {

class Reactor {
 public:
  using Id = std::uint64_t;  // 0: none
  using Call = std::function<void()>;

  Reactor() = default;
  ~Reactor() { stop(); }
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Called once. Any thread, as everything here.
  Id at(MonoTime time, Call call);
  // Called once when there is something to read; again after rearm().
  Id when_readable(int fd, Call call);
  void rearm(Id id);
  // A call that has begun already may still be under way.
  void remove(Id id);
  // Ends the thread; nothing is called any more.
  void stop();

 private:
  struct Watch {
    int fd = -1;
    std::shared_ptr<const Call> call;
  };

  // With the lock held.
  bool begin();
  void wake() const;
  void run();
  void call_due();
  void call_readable(Id id);
  int milliseconds_to_next() const;

  std::mutex mutex_;
  Fd epoll_, wake_;
  Id last_id_ = 0;
  std::map<std::pair<MonoTime, Id>, Call> timers_;
  std::unordered_map<Id, MonoTime> time_of_;
  std::unordered_map<Id, Watch> watches_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace weir::runtime
