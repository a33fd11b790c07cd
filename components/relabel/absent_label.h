// A label that a rule reads and that no target can have.
#pragma once

#include <string>
#include <vector>

#include "components/discovery/target_list.h"
#include "components/relabel/rule.h"

namespace weir::relabel {

// What to tell of it; "" where there is nothing. Most labels may be there or not, as the pods say; this is
// for one that a widely copied config reads, and that only a setting brings: the node's name, of which pods
// have another.
std::string absent_label_advice(const std::vector<RuleArguments>& rules, const discovery::Targets& targets);

}  // namespace weir::relabel
