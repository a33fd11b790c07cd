#include "components/pyroscope/inbox.h"

#include <algorithm>

namespace weir::pyroscope {

void Inbox::push(profile::ProfilePtr profile) const {
  std::lock_guard lock(mutex_);
  if (!wake_) return drop(1);
  if (waiting_.size() >= capacity_) {
    waiting_.pop_front();
    drop(1);
  }
  waiting_.push_back(std::move(profile));
  // Under the lock, so that close() can promise that nothing wakes afterwards.
  if (waiting_.size() == 1) wake_();
}

std::vector<profile::ProfilePtr> Inbox::take(std::size_t limit) {
  std::lock_guard lock(mutex_);
  auto count = static_cast<std::ptrdiff_t>(std::min(limit, waiting_.size()));
  std::vector<profile::ProfilePtr> taken(std::make_move_iterator(waiting_.begin()),
                                         std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return taken;
}

void Inbox::close() {
  std::lock_guard lock(mutex_);
  wake_ = nullptr;
  drop(waiting_.size());
  waiting_.clear();
}

void Inbox::drop(std::size_t count) const {
  dropped_ += count;
  lost_->add(static_cast<double>(count));
}

std::uint64_t Inbox::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

std::size_t Inbox::size() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace weir::pyroscope
