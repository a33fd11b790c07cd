#include "runtime/stop_sequence.h"

#include <algorithm>
#include <utility>

namespace weir::runtime {

std::shared_ptr<StopSequence> StopSequence::begin(std::vector<Entry> entries) {
  std::shared_ptr<StopSequence> sequence(new StopSequence(std::move(entries)));
  std::vector<std::size_t> first;
  {
    std::lock_guard lock(sequence->mutex_);
    for (std::size_t i = 0; i < sequence->steps_.size(); ++i) {
      if (sequence->steps_[i].users > 0) continue;
      sequence->steps_[i].progress = Progress::told;
      first.push_back(i);
    }
  }
  sequence->tell(first);
  return sequence;
}

StopSequence::StopSequence(std::vector<Entry> entries) : left_(entries.size()) {
  for (Entry& entry : entries) {
    steps_.push_back({.host = std::move(entry.host), .needs = std::move(entry.needs)});
  }
  for (const Step& step : steps_) {
    for (std::size_t needed : step.needs) ++steps_[needed].users;
  }
}

// Without the lock: a host may say at once that it has stopped.
void StopSequence::tell(const std::vector<std::size_t>& steps) {
  for (std::size_t index : steps) {
    steps_[index].host->stop([self = shared_from_this(), index] { self->stopped(index); });
  }
}

void StopSequence::stopped(std::size_t index) {
  std::vector<std::size_t> next;
  std::vector<Waiter> satisfied;
  {
    std::lock_guard lock(mutex_);
    Step& step = steps_[index];
    step.progress = Progress::stopped;
    --left_;
    for (std::size_t needed : step.needs) {
      if (--steps_[needed].users > 0 || steps_[needed].progress != Progress::running) continue;
      steps_[needed].progress = Progress::told;
      next.push_back(needed);
    }
    auto rest = std::ranges::partition(waiters_, [&](const Waiter& w) { return !is_type_stopped(*w.type); });
    satisfied.assign(std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
    waiters_.erase(rest.begin(), rest.end());
    changed_.notify_all();
  }
  tell(next);
  for (const Waiter& waiter : satisfied) waiter.call();
}

void StopSequence::hurry() {
  std::vector<std::size_t> rest;
  {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].progress != Progress::running) continue;
      steps_[i].progress = Progress::told;
      rest.push_back(i);
    }
  }
  tell(rest);
}

bool StopSequence::wait(MonoTime until) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, until, [&] { return left_ == 0; });
}

std::vector<std::shared_ptr<Host>> StopSequence::left() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Host>> hosts;
  for (const Step& step : steps_) {
    if (step.progress != Progress::stopped) hosts.push_back(step.host);
  }
  return hosts;
}

bool StopSequence::is_type_stopped(const ComponentType& type) const {
  return std::ranges::none_of(steps_, [&](const Step& step) {
    return &step.host->type() == &type && step.progress != Progress::stopped;
  });
}

bool StopSequence::has_stopped(const ComponentType& type) const {
  std::lock_guard lock(mutex_);
  return is_type_stopped(type);
}

void StopSequence::when_type_stopped(const ComponentType& type, std::function<void()> call) {
  {
    std::lock_guard lock(mutex_);
    if (!is_type_stopped(type)) {
      waiters_.push_back({.type = &type, .call = std::move(call)});
      return;
    }
  }
  call();
}

}  // namespace weir::runtime
