#include "runtime/health.h"

namespace weir::runtime {

std::string_view to_string(HealthState state) {
  switch (state) {
    case HealthState::exited: return "exited";
    case HealthState::unhealthy: return "unhealthy";
    case HealthState::waiting: return "waiting";
    case HealthState::unknown: return "unknown";
    case HealthState::healthy: return "healthy";
  }
  return "unknown";
}

const Health& least(const Health& a, const Health& b) {
  if (a.state != b.state) return a.state < b.state ? a : b;
  return b.updated > a.updated ? b : a;
}

}  // namespace weir::runtime
