// json_path(): values out of a JSON text by a path such as $.a[0].b, .a, $..b, $.a[*] or $.a[?(@.x > 1)].
#pragma once

#include <string_view>
#include <vector>

#include "lang/value.h"

namespace weir::lang {

Result<std::vector<Value>> find_in_json(std::string_view json, std::string_view path);

}  // namespace weir::lang
