// Which container a target speaks of.
#pragma once

#include <string_view>

#include "components/discovery/target.h"

namespace weir::discovery {

inline constexpr std::string_view kContainerIdLabel = "__container_id__";
inline constexpr std::string_view kPidLabel = "__process_pid__";

// From the first of the labels that discovery components set; "" when there is none.
std::string_view container_id_of(const Target& target);

}  // namespace weir::discovery
