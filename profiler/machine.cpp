#include "profiler/machine.h"

#include <mutex>
#include <utility>

namespace weir::profiler {

Result<std::shared_ptr<Machine>> Machine::shared() {
  static std::mutex mutex;
  static std::weak_ptr<Machine> current;
  std::lock_guard lock(mutex);
  if (auto machine = current.lock()) return machine;
  auto arena = Arena::open();
  if (!arena) return fail(arena.error());
  std::shared_ptr<Machine> machine(new Machine(std::move(*arena)));
  current = machine;
  return machine;
}

}  // namespace weir::profiler
