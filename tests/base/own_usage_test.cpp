#include "base/own_usage.h"

#include <doctest/doctest.h>

namespace weir {

TEST_CASE("what this process takes of the machine") {
  CHECK(own_resident_bytes() > 100'000);
  CpuTime before = own_cpu_time();
  // Longer than the kernel's clock tick.
  constexpr Duration kWork = std::chrono::milliseconds(30);
  while (own_cpu_time().all() - before.all() < kWork) {
  }
  CHECK(own_cpu_time().user > before.user);
}

}  // namespace weir
