// Lengths of time as JSON, metrics and people have them.
#pragma once

#include <chrono>

#include "base/duration.h"

namespace weir {

constexpr double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace weir
