// Hides what is secret in a config text, for excerpts that leave this machine.
#pragma once

#include <functional>
#include <string_view>

#include "lang/diagnostic.h"
#include "lang/source.h"

namespace weir::lang {

// Whether an attribute of that name holds a secret.
using IsSecretName = std::function<bool(std::string_view name)>;

// Every literal in the value of such an attribute becomes stars, in the excerpts of the diagnostics and where
// a message quotes it. All places stay. The text need not parse.
void hide_secrets(Diagnostics& diagnostics, const IsSecretName& is_secret);

}  // namespace weir::lang
