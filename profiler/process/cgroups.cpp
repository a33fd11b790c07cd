#include "profiler/process/cgroups.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "base/file_system.h"
#include "profiler/process/container_id.h"
#include "profiler/process/proc_files.h"

namespace weir::profiler {

namespace {

struct Controller {
  std::string_view name;
  cpu_sample_hierarchy kind;
};

// Every container runtime uses the first; the others are for machines that have it switched off.
constexpr std::array kControllers = {
    Controller{"memory", CPU_SAMPLE_MEMORY},   Controller{"cpu", CPU_SAMPLE_CPU},
    Controller{"cpuacct", CPU_SAMPLE_CPUACCT}, Controller{"pids", CPU_SAMPLE_PIDS},
    Controller{"freezer", CPU_SAMPLE_FREEZER}, Controller{"cpuset", CPU_SAMPLE_CPUSET},
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    auto end = text.find_first_of(separators);
    if (end != 0) words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

// "name hierarchy groups enabled": in version 1 when its hierarchy has a number.
bool in_version_1(std::string_view cgroups, std::string_view controller) {
  bool found = false;
  each_line(cgroups, [&](std::string_view line) {
    auto words = split(line, "\t ");
    if (words.size() == 4 && words[0] == controller) found = words[1] != "0" && words[3] == "1";
  });
  return found;
}

// "36 35 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"
std::string mount_of(std::string_view mountinfo, std::string_view type, std::string_view option) {
  constexpr std::string_view kEndOfFields = " - ";
  std::string found;
  each_line(mountinfo, [&](std::string_view line) {
    auto at = line.find(kEndOfFields);
    if (!found.empty() || at == std::string_view::npos) return;
    auto front = split(line.substr(0, at), " ");
    auto back = split(line.substr(at + kEndOfFields.size()), " ");
    if (front.size() < 5 || back.size() < 3 || back[0] != type) return;
    auto options = split(back[2], ",");
    if (option.empty() || std::ranges::find(options, option) != options.end()) found = front[4];
  });
  return found;
}

std::optional<std::uint64_t> inode_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

// Looks through the whole hierarchy for the directory with this inode.
std::optional<std::string> find_directory(const std::string& mount, std::uint64_t inode) {
  constexpr int kMostDirectories = 20'000;
  if (inode_of(mount) == inode) return "/";
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(
      mount, std::filesystem::directory_options::skip_permission_denied, error);
  for (int seen = 0;
       !error && at != std::filesystem::recursive_directory_iterator() && seen < kMostDirectories;
       at.increment(error)) {
    if (!at->is_directory(error)) continue;
    ++seen;
    if (inode_of(at->path().string()) == inode) return at->path().string();
  }
  return std::nullopt;
}

}  // namespace

CgroupHierarchy choose_hierarchy(std::string_view cgroups, std::string_view mountinfo) {
  for (const Controller& controller : kControllers) {
    if (!in_version_1(cgroups, controller.name)) continue;
    return {controller.kind, std::string(controller.name), mount_of(mountinfo, "cgroup", controller.name)};
  }
  return {CPU_SAMPLE_UNIFIED, "", mount_of(mountinfo, "cgroup2", "")};
}

CgroupHierarchy machine_hierarchy() {
  constexpr std::size_t kMost = 4u << 20;
  return choose_hierarchy(read_file("/proc/cgroups", kMost).value_or(""),
                          read_file("/proc/self/mountinfo", kMost).value_or(""));
}

std::optional<std::string> Cgroups::container_of(std::uint64_t id, std::uint32_t pid, MonoTime now) {
  if (auto known = known_.find(id); known != known_.end()) {
    known->second.used = ++uses_;
    return known->second.container;
  }
  auto path = path_of(id, pid, now);
  if (!path) return std::nullopt;
  std::string container = container_id(*path);
  remember(id, container);
  return container;
}

std::optional<std::string> Cgroups::path_of(std::uint64_t id, std::uint32_t pid, MonoTime now) {
  constexpr auto kBetweenWalks = std::chrono::seconds(1);
  if (auto text = read_proc(pid, "cgroup")) {
    if (auto path = parse_cgroup_path(*text, hierarchy_.controller)) {
      auto inode = hierarchy_.mount.empty() ? std::nullopt : inode_of(hierarchy_.mount + std::string(*path));
      // Where the path leads nowhere (we see another part of the tree than the process), it is still its
      // path.
      if (!inode || *inode == id) return std::string(*path);
    }
  }
  // The process is gone, or has moved since the sample was taken.
  if (hierarchy_.mount.empty() || now < next_walk_) return std::nullopt;
  next_walk_ = now + kBetweenWalks;
  return find_directory(hierarchy_.mount, id);
}

void Cgroups::remember(std::uint64_t id, const std::string& container) {
  while (known_.size() >= std::max<std::size_t>(1, limit_)) {
    auto oldest = std::ranges::min_element(known_, {}, [](const auto& entry) { return entry.second.used; });
    forgotten_.push_back(oldest->first);
    known_.erase(oldest);
    ++evicted_;
  }
  known_[id] = {container, ++uses_};
}

std::string Cgroups::container_of_process(std::uint32_t pid) const {
  auto text = read_proc(pid, "cgroup");
  auto path = text ? parse_cgroup_path(*text, hierarchy_.controller) : std::nullopt;
  return path ? container_id(*path) : "";
}

void Cgroups::each(const std::function<void(std::uint64_t, const std::string&)>& visit) const {
  for (const auto& [id, known] : known_) visit(id, known.container);
}

}  // namespace weir::profiler
