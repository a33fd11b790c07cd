// The units of systemd and their processes, as the control groups show them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "components/discovery/target.h"

namespace weir::discovery {

struct SystemdPlaces {
  std::filesystem::path cgroups = "/sys/fs/cgroup";
  std::filesystem::path proc = "/proc";
};

struct SystemdUnits {
  std::vector<TargetPtr> targets;  // one for each process, by unit and pid
  std::size_t units = 0;           // that have processes and fit
  std::size_t unreadable = 0;      // control groups
  std::string example;             // why one of these
  bool cut = false;                // there are more than weir takes
};

// Where systemd keeps its groups: of the machine's one tree, or of its own one beside version 1's.
std::optional<std::filesystem::path> systemd_tree(const std::filesystem::path& cgroups);

// `units`: patterns of names such as "*.service". Of a control group that cannot be read the processes of
// `before` stay. Fails when there is no tree of systemd.
Result<SystemdUnits> systemd_units(const SystemdPlaces& places, const std::vector<std::string>& units,
                                   const std::vector<TargetPtr>& before = {});

}  // namespace weir::discovery
