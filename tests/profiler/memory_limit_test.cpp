#include "profiler/memory_limit.h"

#include <doctest/doctest.h>

namespace weir::profiler::test {

TEST_CASE("near its memory limit a session first cuts its caches, then keeps no samples") {
  using enum MemoryLevel;
  struct Row {
    MemoryLevel before;
    std::size_t used;  // of 1000
    MemoryLevel after;
  };
  const Row rows[] = {
      {ordinary, 500, ordinary},         {ordinary, 850, ordinary},       {ordinary, 870, small_caches},
      {ordinary, 2000, small_caches},    {small_caches, 970, no_samples}, {small_caches, 900, small_caches},
      {small_caches, 750, small_caches}, {small_caches, 700, ordinary},   {no_samples, 930, no_samples},
      {no_samples, 890, small_caches},   {no_samples, 100, ordinary},
  };
  for (const Row& row : rows) {
    CAPTURE(row.used);
    CHECK(next_memory_level(row.before, row.used, 1000) == row.after);
  }
  CHECK(next_memory_level(no_samples, 1u << 30, 0) == ordinary);
  SessionLimits limits{.memory = 64u << 20};
  CHECK(limits_at(ordinary, limits) == limits);
  CHECK(limits_at(small_caches, limits).symbol_bytes == 4u << 20);
}

}  // namespace weir::profiler::test
