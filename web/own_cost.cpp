#include "web/own_cost.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/fd.h"

namespace weir::web {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

Duration process_cpu() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return {};
  return to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
}

std::uint64_t resident_bytes() {
  Fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!file) return 0;
  std::array<char, 128> text{};
  if (::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  char* rest = nullptr;
  std::strtoull(text.data(), &rest, 10);  // the whole address space
  return std::strtoull(rest, nullptr, 10) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

CostMeter::CostMeter(MonoTime now, ReadCpu read_cpu) : read_cpu_(read_cpu ? read_cpu : process_cpu) {
  readings_.push_back({now, read_cpu_()});
}

OwnCost CostMeter::measure(MonoTime now) {
  Reading latest{now, read_cpu_()};
  // The oldest reading kept is the last one that is a whole window old.
  while (readings_.size() > 1 && now - readings_[1].at >= kWindow) readings_.pop_front();
  const Reading& first = readings_.front();
  OwnCost cost;
  cost.cpu_seconds = seconds(latest.cpu);
  cost.window = latest.at - first.at;
  if (cost.window > Duration::zero()) {
    cost.cpu_percent = 100 * seconds(latest.cpu - first.cpu) / seconds(cost.window);
  }
  cost.rss_bytes = resident_bytes();
  // At most some readings a second are kept, however often this is asked.
  if (now - readings_.back().at >= kWindow / 20) readings_.push_back(latest);
  return cost;
}

}  // namespace weir::web
