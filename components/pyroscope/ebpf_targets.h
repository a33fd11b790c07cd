// From the targets of a config to what the profiler is to profile.
#pragma once

#include <string>
#include <vector>

#include "components/discovery/target.h"
#include "profile/labels.h"
#include "profiler/session.h"

namespace weir::pyroscope {

// In order of the list, each process and each container once (of equal ones
// the last stands); targets that name neither are left out.
std::vector<profiler::ProfiledTarget> profiled_targets(const discovery::Targets& targets);

// The name a target's profiles go under where the config gave it none.
std::string service_name_of(const discovery::Target& target);

}  // namespace weir::pyroscope
