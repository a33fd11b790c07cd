// Whether a config uses only what is stable enough for whoever runs weir.
#pragma once

#include "lang/diagnostic.h"
#include "runtime/plan.h"

namespace weir::runtime {

// An error for each block that is less stable.
void check_stability(const Plan& plan, Stability least, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
