#include "base/process_times.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace weir {

using namespace std::chrono_literals;

namespace {

// Fields 3 to 22 as proc(5) has them: flags are the 9th, times the 14th and 15th, the start is the 22nd.
std::string stat_of(std::string_view name, std::string_view flags = "4194304") {
  return "42 (" + std::string(name) + ") S 1 42 42 0 -1 " + std::string(flags) +
         " 100 0 3 0 250 50 0 0 20 0 4 0 1200 10000000 500 18446744073709551615 1 1";
}

}  // namespace

TEST_CASE("what /proc/PID/stat says of a process") {
  struct Row {
    std::string stat;
    std::string comm;  // empty: it says nothing
    bool is_kernel_thread;
  };
  const Row rows[] = {
      {stat_of("nginx"), "nginx", false},
      {stat_of("a) R 1 (b"), "a) R 1 (b", false},
      {stat_of("<img onerror=x>"), "<img onerror=x>", false},
      {stat_of("kworker/0:1", "69238880"), "kworker/0:1", true},
      {"", "", false},
      {"42 (nginx", "", false},
      {"42 (nginx) S 1 42", "", false},
      {"x (nginx) S 1 42 42 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5", "", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.stat);
    auto times = parse_process_times(row.stat);
    REQUIRE(times.has_value() == !row.comm.empty());
    if (!times) continue;
    CHECK(times->pid == 42);
    CHECK(times->comm == row.comm);
    CHECK(times->is_kernel_thread == row.is_kernel_thread);
    CHECK(times->cpu == 300 * (Duration(1s) / sysconf(_SC_CLK_TCK)));
    CHECK(times->start == 1200 * (Duration(1s) / sysconf(_SC_CLK_TCK)));
  }
}

TEST_CASE("this process is among those of the machine") {
  auto all = process_times();
  auto own = std::ranges::find(all, static_cast<std::uint32_t>(getpid()), &ProcessTimes::pid);
  REQUIRE(own != all.end());
  CHECK(own->start <= since_boot());
  CHECK(process_times("/nonexistent").empty());
}

}  // namespace weir
