// StopSequence: stops hosts, those that use others before those they use, all
// others at the same time. Nobody waits on it but who asks to.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "runtime/host.h"

namespace weir::runtime {

class StopSequence : public std::enable_shared_from_this<StopSequence> {
 public:
  struct Entry {
    std::shared_ptr<Host> host;
    std::vector<std::size_t> needs;  // indices of entries
  };

  static std::shared_ptr<StopSequence> begin(std::vector<Entry> entries);

  // Tells all that are left to stop now, whoever still uses them.
  void hurry();
  // True when all have stopped.
  bool wait(MonoTime until);
  std::vector<std::shared_ptr<Host>> left() const;
  bool has_stopped(const ComponentType& type) const;
  // Runs `call` when all hosts of that type have stopped: at once, or on a strand.
  void when_type_stopped(const ComponentType& type, std::function<void()> call);

 private:
  enum class Progress { running, told, stopped };
  struct Step {
    std::shared_ptr<Host> host;
    std::vector<std::size_t> needs;
    std::size_t users = 0;  // that have not stopped
    Progress progress = Progress::running;
  };
  struct Waiter {
    const ComponentType* type;
    std::function<void()> call;
  };

  explicit StopSequence(std::vector<Entry> entries);
  void tell(const std::vector<std::size_t>& steps);
  void stopped(std::size_t index);
  bool is_type_stopped(const ComponentType& type) const;  // with the lock held

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Step> steps_;
  std::vector<Waiter> waiters_;
  std::size_t left_ = 0;
};

}  // namespace weir::runtime
