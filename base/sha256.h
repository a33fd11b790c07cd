// SHA-256, as far as names are made of it: no secret depends on it.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// 64 hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace weir
