#include "profiler/ring_watch.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir::profiler {

Result<std::unique_ptr<RingWatch>> RingWatch::start(Duration pause) {
  std::unique_ptr<RingWatch> watch(new RingWatch(pause));
  watch->rings_.reset(epoll_create1(EPOLL_CLOEXEC));
  watch->stop_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!watch->rings_ || !watch->stop_) return fail_errno(errno, "watch the ring buffer");
  epoll_event stop{.events = EPOLLIN, .data = {.fd = watch->stop_.get()}};
  if (epoll_ctl(watch->rings_.get(), EPOLL_CTL_ADD, watch->stop_.get(), &stop) != 0)
    return fail_errno(errno, "watch the ring buffer");
  watch->thread_ = std::thread([self = watch.get()] { self->run(); });
  pthread_setname_np(watch->thread_.native_handle(), "weir-wake");
  return watch;
}

RingWatch::~RingWatch() {
  std::uint64_t one = 1;
  if (stop_) (void)!write(stop_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

Result<> RingWatch::watch(int ring) {
  // Edge-triggered: a ring that merely is not empty says nothing, the kernel's call does.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = ring}};
  if (epoll_ctl(rings_.get(), EPOLL_CTL_ADD, ring, &event) != 0)
    return fail_errno(errno, "watch the ring buffer");
  return {};
}

void RingWatch::set_call(std::function<void()> call) {
  std::lock_guard lock(mutex_);
  call_ = std::move(call);
}

// Asks each ring once: the mapping events' tell only the first who asks.
bool RingWatch::wait() {
  std::array<epoll_event, 8> events{};
  int ready = epoll_wait(rings_.get(), events.data(), events.size(), -1);
  return std::none_of(events.begin(), events.begin() + std::max(0, ready),
                      [&](const epoll_event& event) { return event.data.fd == stop_.get(); });
}

bool RingWatch::pause() {
  pollfd stop{.fd = stop_.get(), .events = POLLIN, .revents = 0};
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause_).count();
  return poll(&stop, 1, static_cast<int>(ms)) <= 0;
}

void RingWatch::run() {
  while (wait()) {
    {
      std::lock_guard lock(mutex_);
      if (call_) call_();
    }
    if (!pause()) return;
  }
}

}  // namespace weir::profiler
