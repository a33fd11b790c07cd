// Punycode (RFC 3492), in which Rust writes identifiers that are not ASCII.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::profiler {

// As UTF-8. `text`: the ASCII characters, "_" in the place of "-", then what is put
// between them. Nothing when it is broken.
std::optional<std::string> decode_punycode(std::string_view text);

}  // namespace weir::profiler
