#include "components/discovery/systemd_units.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/file_system.h"
#include "base/folder.h"
#include "base/proc_stat.h"
#include "base/utf8.h"
#include "components/discovery/container_label.h"

namespace weir::discovery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostGroups = 50'000;
constexpr std::size_t kMostProcesses = 100'000;
constexpr std::size_t kReadLimit = 4u << 20;
constexpr std::size_t kMostEntries = 200'000;  // of one group, its files among them
constexpr int kDeepest = 64;

constexpr std::string_view kUnitLabel = "__meta_systemd_unit";
constexpr std::string_view kSliceLabel = "__meta_systemd_slice";
constexpr std::string_view kUserLabel = "__meta_systemd_user";
constexpr std::string_view kCgroupLabel = "__meta_systemd_cgroup";

// Those whose groups may hold processes.
constexpr std::array<std::string_view, 5> kTypes = {"service", "scope", "socket", "mount", "swap"};

// What a file name of ours could be mistaken for is written with an underscore before it.
std::string_view unescaped(std::string_view name) {
  return name.starts_with('_') ? name.substr(1) : name;
}

std::string_view type_of(std::string_view name) {
  std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return "";
  std::string_view type = name.substr(dot + 1);
  return std::ranges::find(kTypes, type) == kTypes.end() ? "" : type;
}

// "user@1000.service" is the manager of that user's units.
std::string_view user_of(std::string_view unit) {
  if (!unit.starts_with("user@") || !unit.ends_with(".service")) return "";
  return unit.substr(5, unit.size() - 5 - std::string_view(".service").size());
}

struct Unit {
  std::string name;
  std::string slice = "-.slice";
  std::string cgroup;  // path within the tree
  std::string user;    // of a unit of a user's manager
  std::vector<std::uint32_t> pids;
};

struct ProcessTimes {
  std::uint32_t parent = 0;
  std::uint64_t start = 0;
};

std::optional<ProcessTimes> times_of(const fs::path& proc, std::uint32_t pid) {
  auto text = read_file(proc / std::to_string(pid) / "stat", 4096);
  auto fields = text ? ProcStat::parse(*text) : std::nullopt;
  if (!fields) return std::nullopt;
  auto parent = fields->number<std::uint32_t>(ProcStat::kParent);
  auto start = fields->number<std::uint64_t>(ProcStat::kStartTime);
  if (!parent || !start) return std::nullopt;
  return ProcessTimes{.parent = *parent, .start = *start};
}

class Reader {
 public:
  Reader(fs::path tree, fs::path proc, const std::vector<std::string>& wanted)
      : tree_(std::move(tree)), proc_(std::move(proc)), wanted_(wanted) {}

  SystemdUnits read(const std::vector<TargetPtr>& before) {
    walk("", nullptr, "-.slice", "", 0);
    if (!unreadable_.empty()) {
      for (const auto& target : before) keep(*target);
    }
    for (const auto& [cgroup, unit] : units_) add(unit);
    return std::move(result_);
  }

 private:
  // `unit` is the innermost one that the group lies in; null: none.
  void walk(const std::string& cgroup, Unit* unit, const std::string& slice, const std::string& user,
            int depth) {
    if (++groups_ > kMostGroups || depth > kDeepest) {
      result_.cut = true;
      return;
    }
    if (unit) read_pids(cgroup, *unit);
    for (const std::string& name : folders_of(cgroup)) {
      std::string path = fmt::format("{}/{}", cgroup, name);
      std::string_view known = unescaped(name);
      if (known.ends_with(".slice")) {
        walk(path, nullptr, std::string(known), user, depth + 1);
      } else if (!type_of(known).empty()) {
        Unit own{.name = std::string(known), .slice = slice, .cgroup = path, .user = user, .pids = {}};
        Unit& kept = units_.emplace(path, std::move(own)).first->second;
        std::string_view manager = user_of(known);
        // Slices of a user's manager begin anew.
        walk(path, &kept, manager.empty() ? slice : "-.slice", manager.empty() ? user : std::string(manager),
             depth + 1);
      } else {
        // What a service made for itself, or a container runtime beside systemd.
        walk(path, unit, slice, user, depth + 1);
      }
    }
  }

  std::vector<std::string> folders_of(const std::string& cgroup) {
    std::vector<std::string> folders;
    // A unit that ends while it is read is no error.
    auto listed = list_folder(tree_.native() + cgroup, kMostEntries);
    if (!listed) {
      failed(cgroup, listed.error().message);
      return folders;
    }
    result_.cut |= listed->is_cut;
    for (auto& entry : listed->entries) {
      if (entry.is_folder) folders.push_back(std::move(entry.name));
    }
    return folders;
  }

  void read_pids(const std::string& cgroup, Unit& unit) {
    fs::path path = tree_.native() + cgroup + "/cgroup.procs";
    auto text = read_file(path, kReadLimit);
    if (!text) {
      std::error_code error;
      if (fs::exists(path, error) && !is_threaded(cgroup)) failed(cgroup, text.error().message);
      return;
    }
    std::string_view rest = *text;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      std::uint32_t pid = 0;
      std::from_chars(line.data(), line.data() + line.size(), pid);
      if (pid != 0) unit.pids.push_back(pid);  // 0: of another pid namespace
    }
  }

  // Its processes stand in a group above it.
  bool is_threaded(const std::string& cgroup) const {
    auto type = read_file(tree_.native() + cgroup + "/cgroup.type", kReadLimit);
    return type && type->starts_with("threaded");
  }

  void failed(const std::string& cgroup, std::string why) {
    ++result_.unreadable;
    result_.example = std::move(why);
    unreadable_.push_back(cgroup);
  }

  // What was known of a unit that cannot be read, wholly or in part.
  void keep(const Target& target) {
    std::string cgroup(target.get(kCgroupLabel));
    bool is_unread = std::ranges::any_of(unreadable_, [&](const std::string& unread) {
      return cgroup == unread || unread.starts_with(cgroup + "/") || cgroup.starts_with(unread + "/");
    });
    if (!is_unread) return;
    Unit unit{.name = std::string(target.get(kUnitLabel)),
              .slice = std::string(target.get(kSliceLabel)),
              .cgroup = cgroup,
              .user = std::string(target.get(kUserLabel)),
              .pids = {}};
    std::string_view pid_text = target.get(kPidLabel);
    std::uint32_t pid = 0;
    std::from_chars(pid_text.data(), pid_text.data() + pid_text.size(), pid);
    units_.emplace(cgroup, std::move(unit)).first->second.pids.push_back(pid);
  }

  // Of a service: its first process whose parent is not one of its own.
  std::uint32_t main_pid(const Unit& unit) const {
    if (type_of(unit.name) != "service") return 0;
    std::uint32_t main = 0;
    std::uint64_t start = 0;
    for (std::uint32_t pid : unit.pids) {
      auto times = times_of(proc_, pid);
      if (!times || std::ranges::binary_search(unit.pids, times->parent)) continue;
      if (main != 0 && times->start >= start) continue;
      main = pid;
      start = times->start;
    }
    return main;
  }

  void add(Unit unit) {
    bool fits = std::ranges::any_of(wanted_, [&](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), unit.name.c_str(), 0) == 0;
    });
    if (!fits || unit.pids.empty()) return;
    std::ranges::sort(unit.pids);
    auto repeated = std::ranges::unique(unit.pids);
    unit.pids.erase(repeated.begin(), repeated.end());
    ++result_.units;
    std::uint32_t main = main_pid(unit);
    std::string name = utf8_text(unit.name);
    for (std::uint32_t pid : unit.pids) {
      if (result_.targets.size() >= kMostProcesses) {
        result_.cut = true;
        return;
      }
      result_.targets.push_back(
          Target::make({{std::string(kPidLabel), std::to_string(pid)},
                        {std::string(kUnitLabel), name},
                        {"__meta_systemd_unit_type", std::string(type_of(unit.name))},
                        {std::string(kSliceLabel), utf8_text(unit.slice)},
                        {std::string(kUserLabel), utf8_text(unit.user)},
                        {std::string(kCgroupLabel), utf8_text(unit.cgroup)},
                        {"__meta_systemd_main_pid", main == 0 ? "" : std::to_string(main)}}));
    }
  }

  fs::path tree_;
  fs::path proc_;
  const std::vector<std::string>& wanted_;
  std::map<std::string, Unit> units_;  // by control group: nothing moves
  std::size_t groups_ = 0;
  std::vector<std::string> unreadable_;  // control groups
  SystemdUnits result_;
};

}  // namespace

std::optional<fs::path> systemd_tree(const fs::path& cgroups) {
  std::error_code error;
  auto has_units = [&](const fs::path& tree) {
    return fs::exists(tree / "system.slice", error) || fs::exists(tree / "init.scope", error);
  };
  for (const fs::path& tree : {cgroups, cgroups / "unified", cgroups / "systemd"}) {
    if (has_units(tree)) return tree;
  }
  return std::nullopt;
}

Result<SystemdUnits> systemd_units(const SystemdPlaces& places, const std::vector<std::string>& units,
                                   const std::vector<TargetPtr>& before) {
  auto tree = systemd_tree(places.cgroups);
  if (!tree) {
    return fail(
        "there are no control groups of systemd below {}: does systemd run this machine, and does weir "
        "see its /sys/fs/cgroup?",
        places.cgroups.string());
  }
  return Reader(*tree, places.proc, units).read(before);
}

}  // namespace weir::discovery
