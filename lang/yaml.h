// YAML text to values.
#pragma once

#include <string_view>

#include "lang/value.h"

namespace weir::lang {

Result<Value> parse_yaml(std::string_view text);

}  // namespace weir::lang
