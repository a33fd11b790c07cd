// JSON text to values and back, as the library functions need it.
#pragma once

#include <string>
#include <string_view>

#include "lang/value.h"

namespace weir::lang {

// json_decode gives floats for all numbers; json_path keeps integers.
enum class JsonNumbers { floats, integers_where_possible };

Result<Value> parse_json(std::string_view text, JsonNumbers numbers);
// Compact, keys sorted, safe inside HTML. Functions, capsules and what is no number (NaN) are errors.
Result<std::string> write_json(const Value& value);

}  // namespace weir::lang
