// Resolution: what the names in the expressions of a plan's nodes mean, and the
// graph that follows from it.
#pragma once

#include "runtime/plan.h"

namespace weir::runtime {

class PlanMessages;

// Fills in what the nodes depend on, and the graph. Errors: names that lead nowhere, types that never fit,
// cycles.
void resolve_names(Plan& plan, PlanMessages& messages);

}  // namespace weir::runtime
