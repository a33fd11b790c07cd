// What a config may say, but hardly means: components that nobody uses, fields given twice. Pure.
#pragma once

#include "lang/diagnostic.h"
#include "runtime/plan.h"

namespace weir::runtime {

// Appends warnings.
void warn_of_doubtful(const Plan& plan, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
