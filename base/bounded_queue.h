// BoundedQueue: hands values from any threads to one reader and never waits.
// What does not fit is dropped, oldest first, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace weir {

template <class T>
class BoundedQueue {
 public:
  // Room for one at least.
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity > 0 ? capacity : 1) {}

  // Returns what had to be dropped to make room, if anything.
  std::optional<T> push(T value) {
    std::lock_guard lock(mutex_);
    std::optional<T> dropped;
    if (items_.size() >= capacity_) {
      dropped = std::move(items_.front());
      items_.pop_front();
      ++dropped_;
    }
    items_.push_back(std::move(value));
    return dropped;
  }

  std::optional<T> pop() {
    std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    T value = std::move(items_.front());
    items_.pop_front();
    return value;
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

  std::uint64_t dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<T> items_;
  std::size_t capacity_;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir
