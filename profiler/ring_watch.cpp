#include "profiler/ring_watch.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <utility>

namespace weir::profiler {

Result<std::unique_ptr<RingWatch>> RingWatch::start(Duration pause) {
  std::unique_ptr<RingWatch> watch(new RingWatch(pause));
  watch->rings_.reset(epoll_create1(EPOLL_CLOEXEC));
  watch->stop_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!watch->rings_ || !watch->stop_) return fail_errno(errno, "watch the ring buffer");
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

bool RingWatch::wait(int fd, Duration at_most, bool& is_ready) {
  std::array<pollfd, 2> waiting{
      {{.fd = stop_.get(), .events = POLLIN, .revents = 0}, {.fd = fd, .events = POLLIN, .revents = 0}}};
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  poll(waiting.data(), waiting.size(), static_cast<int>(ms));
  is_ready = (waiting[1].revents & POLLIN) != 0;
  return (waiting[0].revents & POLLIN) == 0;
}

void RingWatch::run() {
  constexpr Duration kForever = std::chrono::milliseconds(-1);
  bool is_ready = false;
  while (wait(rings_.get(), kForever, is_ready)) {
    std::array<epoll_event, 8> events{};
    // The set looks ready also when its ring was emptied since.
    if (!is_ready || epoll_wait(rings_.get(), events.data(), events.size(), 0) <= 0) continue;
    {
      std::lock_guard lock(mutex_);
      if (call_) call_();
    }
    if (!wait(-1, pause_, is_ready)) return;
  }
}

}  // namespace weir::profiler
