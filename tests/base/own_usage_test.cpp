#include "base/own_usage.h"

#include <doctest/doctest.h>

#include <chrono>

namespace weir {

TEST_CASE("what this process takes of the machine") {
  CHECK(own_resident_bytes() > 100'000);
  CpuTime before = own_cpu_time();
  // Some kernels count in ticks, and give each to what ran when it came.
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  volatile std::uint64_t sum = 0;
  while (own_cpu_time().user == before.user && std::chrono::steady_clock::now() < end) {
    for (std::uint64_t i = 0; i < 1'000'000; ++i) sum = sum + i;
  }
  CpuTime after = own_cpu_time();
  CHECK(after.user > before.user);
  CHECK(after.all() == after.user + after.system);
}

}  // namespace weir
