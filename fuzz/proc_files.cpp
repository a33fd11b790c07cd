// Any text may stand in a process' files of /proc: it chooses its name, its paths and its cgroups.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profiler/process/cgroups.h"
#include "profiler/process/container_id.h"
#include "profiler/process/module.h"
#include "profiler/process/proc_files.h"

namespace {

void check_id(const std::string& id, std::string_view path) {
  if (id.empty()) return;
  bool task = id.size() >= 34 && id.size() <= 53 && id[32] == '-';
  if ((id.size() != 64 && !task) || path.find(id) == std::string_view::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  MappingTable table;
  auto module = std::make_shared<Module>();
  each_line(bytes, [&](std::string_view line) {
    check_id(container_id(line), line);
    auto map = parse_maps_line(line);
    if (!map) return;
    if (map->path.size() > line.size()) std::abort();
    table.insert({map->start, map->limit, map->offset, module});
  });
  std::uint64_t last = 0;
  for (const auto& mapping : table.all()) {
    if (mapping.start < last || mapping.limit <= mapping.start) std::abort();
    last = mapping.limit;
  }
  (void)parse_life(bytes);
  for (std::string_view controller : {"", "memory", "cpu"}) {
    auto path = parse_cgroup_path(bytes, controller);
    if (path && path->size() > size) std::abort();
  }
  std::size_t half = size / 2;
  CgroupHierarchy hierarchy = choose_hierarchy(bytes.substr(0, half), bytes.substr(half));
  if (hierarchy.mount.size() > size) std::abort();
  return 0;
}
