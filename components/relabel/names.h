// What counts as a label name.
#pragma once

#include <string_view>

namespace weir::relabel {

// [a-zA-Z_][a-zA-Z0-9_]*
bool is_legacy_name(std::string_view text);
// The same, with $1, $name or ${name} in any place.
bool is_name_template(std::string_view text);
// Anything that is UTF-8 and not empty.
bool is_utf8_name(std::string_view text);

}  // namespace weir::relabel
