// Regular expressions as Go accepts them, on the installed RE2: the two agree
// on everything but \C (only RE2) and (?<name>…) (only Go).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lang/source.h"

namespace re2 {
class RE2;
}

namespace weir::relabel {

// Matches from end to end; in the alloy dialect a dot also matches a newline.
Result<std::shared_ptr<const re2::RE2>> compile_anchored(std::string_view regex, lang::Dialect dialect);

}  // namespace weir::relabel
