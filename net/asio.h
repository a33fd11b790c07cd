// What the files of this room that speak Asio have in common. For .cpp files
// here only.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/duration.h"

namespace weir::net {

namespace asio = boost::asio;
using boost::system::error_code;

// Operations give their error as a value.
inline constexpr auto kResult = asio::as_tuple(asio::use_awaitable);

// A deadline that is moved often and passes seldom: moving it later costs
// nothing. Calls `on_expired` once; not after the watch is gone.
class Watch {
 public:
  Watch(const asio::any_io_executor& executor, std::function<void()> on_expired)
      : timer_(executor), on_expired_(std::move(on_expired)) {}

  void arm(Duration from_now) {
    constexpr Duration kLongest = std::chrono::hours(24 * 365);
    deadline_ = Clock::now() + std::min(from_now, kLongest);
    if (!waiting_ || deadline_ < timer_.expiry()) wait();
  }
  void disarm() { deadline_ = Clock::time_point::max(); }

 private:
  using Clock = std::chrono::steady_clock;

  void wait() {
    waiting_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait([this, alive = std::weak_ptr(alive_), round = ++round_](error_code error) {
      if (error || alive.expired() || round != round_) return;
      waiting_ = false;
      if (deadline_ == Clock::time_point::max()) return;
      if (Clock::now() < deadline_) return wait();
      deadline_ = Clock::time_point::max();
      on_expired_();
    });
  }

  asio::steady_timer timer_;
  std::function<void()> on_expired_;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool waiting_ = false;
  std::uint64_t round_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// The way to an I/O thread for those who may outlive it.
class Gate {
 public:
  explicit Gate(asio::io_context& context) : context_(&context) {}

  // At once when on that thread; never when the gate is closed.
  template <class Task>
  void dispatch(Task task) {
    std::lock_guard lock(mutex_);
    if (context_) asio::dispatch(*context_, std::move(task));
  }
  void close() {
    std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

 private:
  // Recursive: a task may lead to another dispatch.
  std::recursive_mutex mutex_;
  asio::io_context* context_;
};

}  // namespace weir::net
