// Labels of a target, as a person writes them on the command line.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::cli {

// As an object of the language, { job = "web" }, or as JSON, {"job": "web"}; "" is none.
Result<std::map<std::string, std::string>> read_labels(std::string_view text);

}  // namespace weir::cli
