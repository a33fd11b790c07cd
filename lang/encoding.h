// Base64 and URL encoding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::lang {

enum class Base64 { standard, url };

std::string encode_base64(std::string_view bytes, Base64 alphabet);
// Padded; line ends inside are skipped.
Result<std::string> decode_base64(std::string_view text, Base64 alphabet);
// For a query: a blank becomes +.
std::string encode_url(std::string_view text);
Result<std::string> decode_url(std::string_view text);

}  // namespace weir::lang
