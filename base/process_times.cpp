#include "base/process_times.h"

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <system_error>

#include "base/file_system.h"

namespace weir {
namespace {

constexpr std::size_t kMostStat = 4096;
constexpr std::uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD

Duration from_ticks(std::uint64_t ticks) {
  static const auto kPerSecond = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  return std::chrono::nanoseconds(ticks * (kNanoseconds / kPerSecond));
}

// Fields of /proc/PID/stat by their number in proc(5), from the third on.
class StatFields {
 public:
  explicit StatFields(std::string_view rest) : rest_(rest) {}

  bool number(int field, std::uint64_t& value) {
    while (at_ < field) {
      auto space = rest_.find(' ');
      if (space == std::string_view::npos) return false;
      rest_.remove_prefix(space + 1);
      ++at_;
    }
    return std::from_chars(rest_.data(), rest_.data() + rest_.size(), value).ec == std::errc();
  }

 private:
  std::string_view rest_;
  int at_ = 3;
};

std::optional<std::uint32_t> pid_of(std::string_view text) {
  std::uint32_t pid = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return pid;
}

}  // namespace

std::optional<ProcessTimes> parse_process_times(std::string_view stat) {
  // The name in parentheses may hold anything, parentheses too.
  auto open = stat.find(" (");
  auto close = stat.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  auto pid = pid_of(stat.substr(0, open));
  if (!pid) return std::nullopt;
  constexpr int kFlags = 9, kUser = 14, kSystem = 15, kStart = 22;
  std::uint64_t flags = 0, user = 0, system = 0, start = 0;
  StatFields fields(stat.substr(close + 2));
  if (!fields.number(kFlags, flags) || !fields.number(kUser, user) || !fields.number(kSystem, system) ||
      !fields.number(kStart, start)) {
    return std::nullopt;
  }
  return ProcessTimes{.pid = *pid,
                      .comm = std::string(stat.substr(open + 2, close - open - 2)),
                      .start = from_ticks(start),
                      .cpu = from_ticks(user) + from_ticks(system),
                      .is_kernel_thread = (flags & kKernelThread) != 0};
}

std::vector<ProcessTimes> process_times(const std::filesystem::path& proc) {
  std::vector<ProcessTimes> all;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(proc, failed)) {
    if (!pid_of(entry.path().filename().native())) continue;
    auto stat = read_file((entry.path() / "stat").native(), kMostStat);
    auto times = stat ? parse_process_times(*stat) : std::nullopt;
    if (times && !times->is_kernel_thread) all.push_back(*std::move(times));
  }
  return all;
}

Duration since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace weir
