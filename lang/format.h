// format(): the library's printf, with the verbs and the mistakes of Go's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/value.h"

namespace weir::lang {

// A mistake in the format shows in the text, such as %!d(string=x). Secrets are shown as (secret).
Result<std::string> format_text(std::string_view format, const std::vector<Value>& arguments);

}  // namespace weir::lang
