// Naming: how much of a profile's user code has names.
#pragma once

#include <cstdint>
#include <string>

#include "profile/profile.h"

namespace weir::profiler {

// Each frame as often as it was sampled.
struct Naming {
  std::uint64_t frames = 0;
  std::uint64_t named = 0;
  std::string unnamed;  // the file with most frames without a name, and why they have none
};

Naming naming_of(const profile::Profile& profile);

}  // namespace weir::profiler
