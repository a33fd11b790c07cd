// The library's functions on arrays and objects.
#pragma once

#include <string>
#include <vector>

#include "lang/library_function.h"

namespace weir::lang {

CallResult concat(const std::vector<Value>& arguments);
// The first value that is neither null nor empty, else the last.
CallResult coalesce(const std::vector<Value>& arguments);
CallResult combine_maps(const std::vector<Value>& arguments);
CallResult group_by(const std::vector<Value>& arguments);

}  // namespace weir::lang
