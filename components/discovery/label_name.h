// Label names made from names of the outside world.
#pragma once

#include <string>
#include <string_view>

namespace weir::discovery {

// "app.kubernetes.io/name" becomes "app_kubernetes_io_name": one '_' for each
// character that is no letter of ASCII, digit or '_'.
std::string label_name(std::string_view prefix, std::string_view name);

}  // namespace weir::discovery
