#include "profiler/process/proc_files.h"

#include <sys/sysmacros.h>

#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/file_system.h"
#include "base/number.h"
#include "base/proc_stat.h"

namespace weir::profiler {

namespace {

constexpr std::size_t kMostProcBytes = 16u << 20;

// Takes a number and the separator behind it off the front.
bool take_number(std::string_view& text, int base, char separator, std::uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return separator == '\0';
  if (text.front() != separator) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<MapsLine> parse_maps_line(std::string_view line) {
  constexpr int kHex = 16;
  constexpr std::size_t kPermissions = 5;  // "r-xp "
  MapsLine map;
  std::uint64_t major_number = 0;
  std::uint64_t minor_number = 0;
  if (!take_number(line, kHex, '-', map.start) || !take_number(line, kHex, ' ', map.limit))
    return std::nullopt;
  if (line.size() < kPermissions) return std::nullopt;
  map.executable = line[2] == 'x';
  line.remove_prefix(kPermissions);
  if (!take_number(line, kHex, ' ', map.offset) || !take_number(line, kHex, ':', major_number) ||
      !take_number(line, kHex, ' ', minor_number)) {
    return std::nullopt;
  }
  map.device = makedev(major_number, minor_number);
  auto after_inode = line.find_first_not_of("0123456789");
  if (std::from_chars(line.data(), line.data() + line.size(), map.inode).ec != std::errc{})
    return std::nullopt;
  line.remove_prefix(std::min(after_inode, line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  map.path = line;
  if (map.path.ends_with(kDeletedFile)) map.path.remove_suffix(kDeletedFile.size());
  return map;
}

std::optional<ProcessLife> parse_life(std::string_view stat) {
  auto fields = ProcStat::parse(stat);
  if (!fields) return std::nullopt;
  auto parent = fields->number<std::uint32_t>(ProcStat::kParent);
  auto threads = fields->number<std::uint64_t>(ProcStat::kThreads);
  auto start = fields->number<std::uint64_t>(ProcStat::kStartTime);
  if (!parent || !threads || !start) return std::nullopt;
  return ProcessLife{.state = fields->state(), .parent = *parent, .threads = *threads, .start_time = *start};
}

std::optional<std::string_view> parse_cgroup_path(std::string_view text, std::string_view controller) {
  std::optional<std::string_view> found;
  each_line(text, [&](std::string_view line) {
    auto first = line.find(':');
    auto second = line.find(':', first + 1);
    if (found || first == std::string_view::npos || second == std::string_view::npos) return;
    // "4:cpu,cpuacct:/path"
    std::string_view names = line.substr(first + 1, second - first - 1);
    std::string_view path = line.substr(second + 1);
    if (controller.empty() && names.empty()) found = path;
    while (!controller.empty() && !names.empty()) {
      auto comma = names.find(',');
      if (names.substr(0, comma) == controller) found = path;
      names = comma == std::string_view::npos ? "" : names.substr(comma + 1);
    }
  });
  return found;
}

std::optional<std::string> read_proc(std::uint32_t pid, std::string_view file) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/" + std::string(file), kMostProcBytes);
  if (!text) return std::nullopt;
  return std::move(*text);
}

std::optional<ProcessLife> life_of(std::uint32_t pid) {
  auto stat = read_proc(pid, "stat");
  return stat ? parse_life(*stat) : std::nullopt;
}

std::string comm_of(std::uint32_t pid) {
  auto comm = read_proc(pid, "comm").value_or("");
  while (!comm.empty() && comm.back() == '\n') comm.pop_back();
  return comm;
}

void each_process(const std::function<void(std::uint32_t)>& each) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    if (auto pid = whole_number<std::uint32_t>(entry.path().filename().native())) each(*pid);
  }
}

void each_line(std::string_view text, const std::function<void(std::string_view)>& each) {
  while (!text.empty()) {
    auto end = text.find('\n');
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace weir::profiler
