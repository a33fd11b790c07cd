#include "base/own_usage.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file_system.h"

namespace weir {

namespace {

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

CpuTime own_cpu_time() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return {};
  return {.user = to_duration(usage.ru_utime), .system = to_duration(usage.ru_stime)};
}

void limit_malloc() {
  constexpr int kKept = 256 << 10;
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_MMAP_THRESHOLD, kKept);
}

std::size_t own_resident_bytes() {
  auto text = read_file("/proc/self/statm", 256);
  // Pages of the whole address space, then those in memory.
  auto space = text ? text->find(' ') : std::string::npos;
  if (space == std::string::npos) return 0;
  return std::strtoull(text->c_str() + space, nullptr, 10) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace weir
