// THE list of components: one line each in builtin.cpp.
#pragma once

#include "runtime/component.h"

namespace weir {

void register_components(runtime::Registry& registry);

}  // namespace weir
