// Which attributes of any component hold secrets.
#pragma once

#include <string>
#include <vector>

#include "lang/diagnostic.h"
#include "runtime/component.h"

namespace weir::runtime {

// Diagnostics reach the log, the page and whoever may ask the API: no excerpt may show a password.
void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry);

// The texts of one config as the page may show them, with "(secret)" for what is. What a module passes on to
// a secret is one, whatever its name; so is a config in a config, which nobody can look through.
std::vector<std::string> without_secrets(const std::vector<lang::SourcePtr>& sources,
                                         const Registry& registry);

}  // namespace weir::runtime
