#include "base/process_times.h"

#include <time.h>
#include <unistd.h>

#include <system_error>

#include "base/file_system.h"
#include "base/number.h"
#include "base/proc_stat.h"

namespace weir {
namespace {

constexpr std::size_t kMostStat = 4096;
constexpr std::uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD

Duration from_ticks(std::uint64_t ticks) {
  static const auto kPerSecond = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  return std::chrono::nanoseconds(ticks * (kNanoseconds / kPerSecond));
}

}  // namespace

std::optional<ProcessTimes> parse_process_times(std::string_view stat) {
  auto fields = ProcStat::parse(stat);
  if (!fields) return std::nullopt;
  auto number = [&](int field) { return fields->number<std::uint64_t>(field); };
  auto flags = number(ProcStat::kFlags), start = number(ProcStat::kStartTime);
  auto user = number(ProcStat::kUserTime), system = number(ProcStat::kSystemTime);
  if (!flags || !user || !system || !start) return std::nullopt;
  return ProcessTimes{.pid = fields->pid(),
                      .comm = std::string(fields->comm()),
                      .start = from_ticks(*start),
                      .cpu = from_ticks(*user) + from_ticks(*system),
                      .is_kernel_thread = (*flags & kKernelThread) != 0};
}

std::vector<ProcessTimes> process_times(const std::filesystem::path& proc) {
  std::vector<ProcessTimes> all;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(proc, failed)) {
    if (!whole_number<std::uint32_t>(entry.path().filename().native())) continue;
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
