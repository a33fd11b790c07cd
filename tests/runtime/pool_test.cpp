#include "runtime/pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <latch>

#include "runtime/reactor.h"
#include "tests/runtime/test_runtime.h"

namespace weir::runtime {
namespace {

using testing::eventually;
using namespace std::chrono_literals;

MonoTime in(Duration time) {
  return system_clock().mono() + time;
}

TEST_CASE("a strand runs its tasks in order and one at a time") {
  auto pool = WorkerPool::create({.workers = 4});
  auto strand = Strand::create(pool, [](const MonoTime*) {});
  std::vector<int> seen;  // on the strand
  std::latch done(1);
  strand->post([&] { seen.push_back(1); });
  for (int i = 2; i <= 1000; ++i) strand->post([&, i] { seen.push_back(i); });
  CHECK(seen.empty());  // not resumed yet
  strand->post([&] { done.count_down(); });
  strand->resume([&] { seen.push_back(0); });
  done.wait();
  REQUIRE(seen.size() == 1001);
  CHECK(std::ranges::is_sorted(seen));
  CHECK(pool->stop(in(5s)));
}

TEST_CASE("strands run beside each other; so does offloaded work") {
  auto pool = WorkerPool::create({.workers = 3});
  std::latch together(3);
  std::vector<std::shared_ptr<Strand>> strands;
  for (int i = 0; i < 2; ++i) {
    strands.push_back(Strand::create(pool, [](const MonoTime*) {}));
    strands.back()->resume([&] { together.arrive_and_wait(); });
  }
  pool->offload("x", [&] { together.arrive_and_wait(); });
  together.wait();
  CHECK(pool->stop(in(5s)));
}

TEST_CASE("a worker that is held is replaced, and its strand hears of it") {
  auto reactor = std::make_shared<Reactor>();
  auto pool = WorkerPool::create({.workers = 1,
                                  .busy_after = 20ms,
                                  .call_later = [reactor](Duration delay, std::function<void()> check) {
                                    reactor->at(in(delay), std::move(check));
                                  }});
  std::atomic<int> busy = 0;
  auto held = Strand::create(pool, [&](const MonoTime* since) { busy += since ? 1 : -1; });
  auto other = Strand::create(pool, [](const MonoTime*) {});
  std::latch release(1), ran(1);
  held->resume([&] { release.wait(); });
  other->resume([&] { ran.count_down(); });
  ran.wait();
  CHECK(eventually([&] { return busy == 1; }));
  CHECK_FALSE(pool->stop(in(10ms)));
  release.count_down();
  CHECK(pool->stop(in(5s)));
  CHECK(busy == 0);
  // A check that is still under way there holds the pool, and the pool the reactor: neither may be the last.
  reactor->stop();
}

TEST_CASE("offloaded work that never returns gives its place to other work") {
  auto reactor = std::make_shared<Reactor>();
  auto pool = WorkerPool::create({.workers = 2,
                                  .busy_after = 20ms,
                                  .call_later = [reactor](Duration delay, std::function<void()> check) {
                                    reactor->at(in(delay), std::move(check));
                                  }});
  std::latch release(1), ran(3);
  pool->offload("x", [&] { release.wait(); });
  for (int i = 0; i < 3; ++i) pool->offload("x", [&] { ran.count_down(); });
  CHECK(eventually([&] { return ran.try_wait(); }));
  release.count_down();
  CHECK(pool->stop(in(5s)));
  reactor->stop();
}

TEST_CASE("the reactor calls at its time, when there is something to read, and not when removed") {
  Reactor reactor;
  std::atomic<int> early = 0, late = 0, readable = 0;
  MonoTime start = system_clock().mono();
  std::atomic<MonoTime> called{start};
  reactor.at(in(20ms), [&] {
    called = system_clock().mono();
    ++late;
  });
  Reactor::Id removed = reactor.at(in(10ms), [&] { ++early; });
  reactor.remove(removed);
  CHECK(eventually([&] { return late == 1; }));
  CHECK(called.load() - start >= 20ms);
  CHECK(early == 0);

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  Fd read_end(ends[0]), write_end(ends[1]);
  Reactor::Id id = reactor.when_readable(read_end.get(), [&] { ++readable; });
  REQUIRE(::write(write_end.get(), "x", 1) == 1);
  CHECK(eventually([&] { return readable == 1; }));
  // Level-triggered: nothing was read, so it calls again when asked to.
  reactor.rearm(id);
  CHECK(eventually([&] { return readable == 2; }));
  reactor.remove(id);
  reactor.stop();
}

}  // namespace
}  // namespace weir::runtime
