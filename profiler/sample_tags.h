// Puts what a window says of its samples' threads into the profile: as labels
// of samples, as frames at the root of stacks.
#pragma once

#include "profile/profile.h"
#include "profiler/session.h"
#include "profiler/window.h"

namespace weir::profiler {

// `profile` has the window's stacks, in its order, and one sample of each.
void apply_tags(const TargetWindow& window, CommPlace comm, profile::Profile& profile);

}  // namespace weir::profiler
