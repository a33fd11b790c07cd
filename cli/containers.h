// Containers of this machine, as a person names them on the command line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::cli {

// The ids of all containers that processes of this machine run in, each once.
std::vector<std::string> running_containers();

// The container that the process runs in; "" when it runs in none, or is gone.
std::string container_of(std::uint32_t pid);

// The full id for the start of an id, or for a name. `id_of_name` asks who knows names; "" when nobody does.
Result<std::string> find_container(std::string_view wanted, const std::vector<std::string>& running,
                                   const std::function<std::string(std::string_view)>& id_of_name);

// Asks Docker's daemon, where there is one.
std::string docker_container_id(std::string_view name);

}  // namespace weir::cli
