// What the rules did with the targets of the last run, one at a time: for the
// page and `weir explain`.
#pragma once

#include <memory>

#include "components/discovery/target_list.h"
#include "components/relabel/rules.h"
#include "runtime/target_tracer.h"

namespace weir::relabel {

std::shared_ptr<const runtime::TargetTracer> make_tracer(discovery::Targets targets,
                                                         std::shared_ptr<const Rules> rules);

}  // namespace weir::relabel
