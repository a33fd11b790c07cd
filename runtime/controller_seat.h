// ControllerSeat: whose code the controller's thread is in. A transform, or a
// constructor, that stays too long shows it in its health, as it would on a
// worker.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/duration.h"

namespace weir::runtime {

class Host;

class ControllerSeat : public std::enable_shared_from_this<ControllerSeat> {
 public:
  using CallLater = std::function<void(Duration, std::function<void()>)>;

  explicit ControllerSeat(CallLater call_later) : call_later_(std::move(call_later)) {}

  // The controller's thread.
  void take(std::shared_ptr<Host> host);
  void leave();
  // Any thread; null: nobody.
  std::shared_ptr<Host> host() const;

 private:
  void watch();  // with the lock held
  void check();

  CallLater call_later_;
  mutable std::mutex mutex_;
  std::shared_ptr<Host> host_;
  MonoTime since_;
  bool is_busy_ = false;
  bool is_watching_ = false;
};

}  // namespace weir::runtime
