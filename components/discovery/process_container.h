// The container id in the text of /proc/PID/cgroup.
#pragma once

#include <string>
#include <string_view>

namespace weir::discovery {

// The last element of a path: 64 hexadecimal digits after an optional prefix
// that ends in '-', before a dot or the end; of the first line that has one.
// "" when there is none.
std::string container_id_in_cgroup(std::string_view text);

}  // namespace weir::discovery
