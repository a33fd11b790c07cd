// What types alone say about `forward_to = discovery.x.y.targets`, before any
// export is there: an argument that takes a list of receivers will never take
// a list of targets. Pure.
#pragma once

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/field.h"
#include "runtime/plan.h"

namespace weir::runtime {

// Whether the attribute of `node` can ever have a value that fits `field`; appends why not.
void check_types(const Plan& plan, const PlannedNode& node, const lang::Attribute& attribute,
                 const lang::FieldSchema& field, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
