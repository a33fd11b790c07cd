// What types alone say about `forward_to = discovery.x.y.targets`, before any
// export is there: an argument that takes a list of receivers will never take
// a list of targets. Pure.
#pragma once

#include <string_view>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/field.h"
#include "runtime/plan.h"

namespace weir::runtime {

// Whether a value of the one type ("list(map(string))") may fit a place of the other. Says yes where only the
// value itself decides.
bool may_fit(std::string_view value_type, std::string_view place_type);

// Looks at values that are one reference, and at arrays of such.
void check_types(const Plan& plan, const lang::SourcePtr& source, const lang::Attribute& attribute,
                 const lang::FieldSchema& field, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
