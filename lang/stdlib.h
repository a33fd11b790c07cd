// The standard library: names that every expression may use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/eval.h"

namespace weir::lang {

// A library function or object, "constants" for one.
std::optional<Value> find_library(std::string_view name, const EvalOptions& options);
// All names of the dialect.
std::vector<std::string_view> library_names(Dialect dialect);

}  // namespace weir::lang
