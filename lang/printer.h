// The standard form of a config: what `weir fmt` writes. Section 8 of the language.
#pragma once

#include <expected>
#include <string>

#include "lang/ast.h"
#include "lang/diagnostic.h"

namespace weir::lang {

// In standard form: the same statements and values, every comment kept, one newline at the end. Formatting it
// again changes nothing. Or the errors of a text that is no config.
std::expected<std::string, Diagnostics> print_standard(SourcePtr source);

}  // namespace weir::lang
