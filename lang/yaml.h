// YAML text to values.
#pragma once

#include <string_view>

#include "lang/value.h"

namespace weir::lang {

// Aliases let a small text name a huge value, and one that holds itself.
struct YamlLimits {
  int values = 1'000'000, depth = 1000;
};

Result<Value> parse_yaml(std::string_view text, YamlLimits limits = {});

}  // namespace weir::lang
