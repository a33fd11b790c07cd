// HealthHistory: how a component was before, and why. A service that the runtime itself offers beside a
// node's state, for the page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/health.h"

namespace weir::runtime {

// Immutable; replaced as a whole.
struct HealthHistory {
  // Changes of state, oldest first, each with what was said when it came; the last is the state of now.
  std::vector<Health> changes;
  std::uint64_t forgotten = 0;  // older ones
};
using HealthHistoryPtr = std::shared_ptr<const HealthHistory>;

// Null is none so far. The same one where the state is as before.
HealthHistoryPtr continued(const HealthHistoryPtr& before, const Health& now);

}  // namespace weir::runtime
