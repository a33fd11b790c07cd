// Health: how a component is, since when, and what to do about it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace weir::runtime {

// In the order of "how good": the merged health of a node is the least of its parts.
enum class HealthState {
  exited,     // its work ended for good
  unhealthy,  // it, or its evaluation, failed; retried
  waiting,    // an argument depends on an export that is not published yet
  unknown,    // made, but nothing is known of it yet
  healthy,
};

struct Health {
  HealthState state = HealthState::unknown;
  std::string message;  // what is, and what to do
  WallTime since;       // of the last change of state
  WallTime updated;     // of the last change of state or message

  bool operator==(const Health&) const = default;
};

std::string_view to_string(HealthState state);
// The least healthy; of equals the most recently updated.
const Health& least(const Health& a, const Health& b);

}  // namespace weir::runtime
