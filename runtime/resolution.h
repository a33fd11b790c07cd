// Resolution: what the names in the expressions of a plan's nodes mean, and the
// graph that follows from it.
#pragma once

#include "runtime/plan.h"

namespace weir::runtime {

class PlanMessages;

// Fills in what the nodes depend on, and the graph. Errors: names that lead nowhere, types that never fit,
// cycles.
void resolve_names(Plan& plan, PlanMessages& messages);
// Of one node that is to stand in the plan; returns the nodes that it needs, sorted.
std::vector<NodeIndex> resolve_names(const Plan& plan, PlannedNode& node, PlanMessages& messages);

}  // namespace weir::runtime
