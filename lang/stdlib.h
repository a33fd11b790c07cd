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
// What is known of a function without calling it.
struct Signature {
  std::optional<std::vector<std::string>> parameters;  // types; nullopt: any number of any type
  std::string_view result;                             // "list(string)"; "any": it depends
};
// By its name as a config writes it: "split", "string.split".
std::optional<Signature> find_signature(std::string_view spelled, Dialect dialect);
// All names of the dialect.
std::vector<std::string_view> library_names(Dialect dialect);

}  // namespace weir::lang
