// Groups of targets as files and servers give them, in Prometheus' form:
//
//   [{"targets": ["host:port", …], "labels": {"name": "value", …}}, …]
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "components/discovery/target.h"

namespace weir::discovery {

enum class GroupFormat { json, yaml };

inline constexpr std::size_t kMostGroupBytes = 32u << 20;  // YAML: an eighth of it

// One target for each address, with the labels of its group and with `origin`; in the order of the text.
Result<std::vector<TargetPtr>> target_groups(std::string_view text, GroupFormat format,
                                             const Target::Label& origin);

}  // namespace weir::discovery
