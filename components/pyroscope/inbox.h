// Inbox: a receiver that keeps what it gets, within a limit, until its
// component's strand takes it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/metrics.h"
#include "components/pyroscope/receiver.h"

namespace weir::pyroscope {

class Inbox final : public ProfileReceiver {
 public:
  // `wake` is called, on the pusher's thread, when the first profile lies there; `lost` counts what is
  // dropped.
  Inbox(std::size_t capacity, std::function<void()> wake,
        std::shared_ptr<Counter> lost = std::make_shared<Counter>())
      : capacity_(capacity), wake_(std::move(wake)), lost_(std::move(lost)) {}

  void push(profile::ProfilePtr profile) const override;

  // At most `limit`, oldest first.
  std::vector<profile::ProfilePtr> take(std::size_t limit);
  // From here on nothing wakes, and what comes is dropped. Receivers are held
  // by others and may live longer than the component.
  void close();
  std::uint64_t dropped() const;
  std::size_t size() const;

 private:
  void drop(std::size_t count) const;  // under the lock

  std::size_t capacity_;
  // The one lock between foreign threads and the component's strand.
  mutable std::mutex mutex_;
  mutable std::deque<profile::ProfilePtr> waiting_;
  mutable std::uint64_t dropped_ = 0;
  std::function<void()> wake_;  // empty: closed
  std::shared_ptr<Counter> lost_;
};

}  // namespace weir::pyroscope
