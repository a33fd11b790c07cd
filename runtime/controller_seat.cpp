#include "runtime/controller_seat.h"

#include <utility>

#include "runtime/host.h"

namespace weir::runtime {
namespace {

constexpr Duration kBusyAfter = std::chrono::seconds(1);

}  // namespace

void ControllerSeat::take(std::shared_ptr<Host> host) {
  std::lock_guard lock(mutex_);
  host_ = std::move(host);
  since_ = system_clock().mono();
  watch();
}

void ControllerSeat::leave() {
  // The last reference may be ours: freed after the lock.
  std::shared_ptr<Host> host;
  std::lock_guard lock(mutex_);
  host.swap(host_);
  if (std::exchange(is_busy_, false)) host->show_busy(nullptr);
}

std::shared_ptr<Host> ControllerSeat::host() const {
  std::lock_guard lock(mutex_);
  return host_;
}

void ControllerSeat::watch() {
  if (std::exchange(is_watching_, true)) return;
  call_later_(kBusyAfter, [weak = weak_from_this()] {
    if (auto seat = weak.lock()) seat->check();
  });
}

void ControllerSeat::check() {
  std::lock_guard lock(mutex_);
  is_watching_ = false;
  if (host_ == nullptr) return;
  if (!is_busy_ && system_clock().mono() - since_ >= kBusyAfter) {
    is_busy_ = true;
    host_->show_busy(&since_);
  }
  watch();
}

}  // namespace weir::runtime
