// Which targets somebody asks about: a process, a container, some labels.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lang/value.h"

namespace weir::web {

inline constexpr std::string_view kPidLabel = "__process_pid__";

struct WantedTargets {
  std::map<std::string, std::string> labels;  // all of these …
  std::string pid, container;                 // … and, where one is said, the process or its container

  bool empty() const { return labels.empty() && pid.empty() && container.empty(); }
  bool match(const lang::Map& target) const;
};

// {"job": "web"}; "" is none.
Result<std::map<std::string, std::string>> parse_wanted_labels(const std::string& json);

}  // namespace weir::web
