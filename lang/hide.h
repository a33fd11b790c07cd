// Hides what is secret in a config text, for excerpts that leave this machine.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "lang/diagnostic.h"
#include "lang/source.h"

namespace weir::lang {

// Whether an attribute of that name holds a secret.
using IsSecretName = std::function<bool(std::string_view name)>;

// Every literal in the value of such an attribute becomes stars, in the excerpts of the diagnostics and where
// a message quotes it. All places stay. The text need not parse.
void hide_secrets(Diagnostics& diagnostics, const IsSecretName& is_secret);

// The whole text for a person to read, with "(secret)" for what is secret: in the values of such attributes,
// also of those that a comment takes out of use, and the passwords of URLs. Each line keeps its number.
std::string without_secrets(const SourcePtr& source, const IsSecretName& is_secret);
// X of each argument.X in the value of such an attribute: what the module is given there is secret too.
std::set<std::string, std::less<>> secret_arguments(const SourcePtr& source, const IsSecretName& is_secret);

}  // namespace weir::lang
