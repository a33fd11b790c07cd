// Labels in text, as a person writes them to select some.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/labels.h"

namespace weir::profile {

// Reads what Labels::to_string() writes, and spaces between; the pairs stand as they are written, those
// without a value too.
Result<std::vector<Labels::Pair>> parse_label_pairs(std::string_view text);

}  // namespace weir::profile
