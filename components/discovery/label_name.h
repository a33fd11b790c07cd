// Label names made from names of the outside world.
#pragma once

#include <string>
#include <string_view>

namespace weir::discovery {

// "app.kubernetes.io/name" becomes "app_kubernetes_io_name": one '_' for each
// character that is no letter of ASCII, digit or '_'.
std::string label_name(std::string_view prefix, std::string_view name);
// Names of programs and of files may be any bytes, text is UTF-8: what is not becomes U+FFFD.
std::string utf8_text(std::string_view text);

}  // namespace weir::discovery
