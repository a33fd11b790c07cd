// Which attributes of any component hold secrets.
#pragma once

#include "lang/diagnostic.h"
#include "runtime/component.h"

namespace weir::runtime {

// Diagnostics reach the log, the page and whoever may ask the API: no excerpt may show a password.
void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry);

}  // namespace weir::runtime
