#include "runtime/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/duration.h"

namespace weir::runtime {
namespace {

constexpr Reactor::Id kWake = 0;

}  // namespace

Reactor::Id Reactor::at(MonoTime time, Call call) {
  std::lock_guard lock(mutex_);
  if (!begin()) return 0;
  Id id = ++last_id_;
  time_of_.emplace(id, time);
  auto it = timers_.emplace(std::pair(time, id), std::move(call)).first;
  if (it == timers_.begin()) wake();
  return id;
}

Reactor::Id Reactor::when_readable(int fd, Call call) {
  std::lock_guard lock(mutex_);
  if (!begin()) return 0;
  Id id = ++last_id_;
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data = {.u64 = id}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return 0;
  watches_.emplace(id, Watch{.fd = fd, .call = std::make_shared<const Call>(std::move(call))});
  return id;
}

void Reactor::rearm(Id id) {
  std::lock_guard lock(mutex_);
  auto it = watches_.find(id);
  if (it == watches_.end()) return;
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data = {.u64 = id}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, it->second.fd, &event);
}

void Reactor::remove(Id id) {
  // What the call holds is freed without the lock: it may remove other things.
  Call call;
  std::shared_ptr<const Call> watch_call;
  std::lock_guard lock(mutex_);
  if (auto it = time_of_.find(id); it != time_of_.end()) {
    auto timer = timers_.find({it->second, id});
    call = std::move(timer->second);
    timers_.erase(timer);
    time_of_.erase(it);
    return;
  }
  auto it = watches_.find(id);
  if (it == watches_.end()) return;
  // The descriptor may be closed already; then the kernel has forgotten it too.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, it->second.fd, nullptr);
  watch_call = std::move(it->second.call);
  watches_.erase(it);
}

void Reactor::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    if (thread_.joinable()) wake();
  }
  if (thread_.joinable()) thread_.join();
  decltype(timers_) timers;
  decltype(watches_) watches;
  std::lock_guard lock(mutex_);
  timers.swap(timers_);
  watches.swap(watches_);
  time_of_.clear();
}

bool Reactor::begin() {
  if (stopped_) return false;
  if (thread_.joinable()) return true;
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWake}};
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) return false;
  thread_ = std::thread([this] { run(); });
  return true;
}

void Reactor::wake() const {
  std::uint64_t one = 1;
  // Full means that it is awake already.
  [[maybe_unused]] ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

int Reactor::milliseconds_to_next() const {
  if (timers_.empty()) return -1;
  Duration left = timers_.begin()->first.first - system_clock().mono();
  auto up = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(up, 0, 60'000));
}

void Reactor::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    int timeout = 0;
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return;
      timeout = milliseconds_to_next();
    }
    int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    for (int i = 0; i < n; ++i) {
      Id id = events[static_cast<std::size_t>(i)].data.u64;
      if (id == kWake) {
        std::uint64_t count = 0;
        [[maybe_unused]] ssize_t got = ::read(wake_.get(), &count, sizeof count);
      } else {
        call_readable(id);
      }
    }
    call_due();
  }
}

void Reactor::call_readable(Id id) {
  std::shared_ptr<const Call> call;
  {
    std::lock_guard lock(mutex_);
    auto it = watches_.find(id);
    if (it == watches_.end()) return;
    call = it->second.call;
  }
  (*call)();
}

void Reactor::call_due() {
  MonoTime now = system_clock().mono();
  for (;;) {
    Call call;
    {
      std::lock_guard lock(mutex_);
      if (stopped_ || timers_.empty() || timers_.begin()->first.first > now) return;
      auto first = timers_.begin();
      call = std::move(first->second);
      time_of_.erase(first->first.second);
      timers_.erase(first);
    }
    call();
  }
}

}  // namespace weir::runtime
