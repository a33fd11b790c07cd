// From the targets of a config to what the profiler is to profile.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "components/discovery/target_list.h"
#include "profile/labels.h"
#include "profiler/session.h"

namespace weir::pyroscope {

struct ProfiledTargets {
  // In order of the list, each process and each container once; of equal ones the last stands.
  std::vector<profiler::ProfiledTarget> targets;
  std::size_t unusable = 0;  // name neither a process nor a container
};

// Of what no target names: nullopt when that is not to be profiled.
std::optional<profile::Labels> default_labels(const std::map<std::string, std::string>& target,
                                              bool everything);

profiler::Demangle demangle_mode(std::string_view word);

ProfiledTargets profiled_targets(const discovery::Targets& targets);

// The name a target's profiles go under where the config gave it none.
std::string service_name_of(const discovery::Target& target);

}  // namespace weir::pyroscope
