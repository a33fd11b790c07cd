// Container ids as they stand in cgroup paths.
#pragma once

#include <string>
#include <string_view>

namespace weir::profiler {

// The container of a cgroup path, such as /docker/ID, …/cri-containerd-ID.scope or …/docker-ID.scope/init;
// "" when there is none. An id is 64 lower-case hex digits, or 32 with a task number (as ECS makes them).
std::string container_id(std::string_view cgroup_path);

}  // namespace weir::profiler
