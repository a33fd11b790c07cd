#include "profiler/process/watched_reads.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <thread>
#include <vector>

#include "base/duration.h"
#include "base/fd.h"

namespace weir::profiler {

namespace {

using namespace std::chrono_literals;

// Long enough for a thread to be run on a busy machine: a read that answers must not seem to hang.
constexpr Duration kDeadline = 200ms;

// A read that hangs until release().
class Hang {
 public:
  Hang() {
    std::array<int, 2> ends;
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    reader_ = std::make_shared<Fd>(ends[0]);
    writer_ = Fd(ends[1]);
  }
  auto work() const {
    return [reader = reader_] {
      char byte = 0;
      return ::read(reader->get(), &byte, 1);
    };
  }
  void release() { writer_.reset(); }

 private:
  std::shared_ptr<Fd> reader_;
  Fd writer_;
};

int answer() {
  return 42;
}

// Its thread has ended when this is true.
bool wait_until_none_hangs(const WatchedReads& reads) {
  for (auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;) {
    if (reads.stats().hanging == 0) return true;
    std::this_thread::yield();
  }
  return false;
}

}  // namespace

TEST_CASE("a watched read gives its answer or its error") {
  auto reads = WatchedReads::create();
  ReadRisk risk{.key = "key", .group = "group"};
  CHECK(reads->run(risk, answer) == 42);
  CHECK(reads->run(risk, []() -> Result<int> { return 7; }) == 7);
  auto failed = reads->run(risk, []() -> Result<int> { return fail("no"); });
  REQUIRE(!failed);
  CHECK(failed.error().message == "no");
  CHECK(reads->stats().hung == 0);
}

TEST_CASE("what hung is left alone, and others are not held up") {
  auto reads = WatchedReads::create({.deadline = kDeadline});
  Hang hang;
  ReadRisk stuck{.key = "mount", .group = "container a"};
  auto first = reads->run(stuck, hang.work());
  REQUIRE(!first);
  CHECK(first.error().message == "the read hung for 200ms");
  auto second = reads->run(stuck, answer);
  REQUIRE(!second);
  CHECK(second.error().message == "left alone: a read there hung");
  CHECK(reads->run({.key = "elsewhere", .group = "container a"}, answer) == 42);
  CHECK(reads->run({.key = "mount of b", .group = "container b"}, answer) == 42);
  auto stats = reads->stats();
  CHECK(stats.hung == 1);
  CHECK(stats.left_alone == 1);
  CHECK(stats.hanging == 1);
  hang.release();
  REQUIRE(wait_until_none_hangs(*reads));
  CHECK(reads->stats().returned == 1);
  CHECK(reads->run(stuck, answer) == 42);
}

TEST_CASE("what hung is tried again after a while") {
  auto reads = WatchedReads::create({.deadline = kDeadline, .leave_alone = 0s});
  Hang hang;
  ReadRisk risk{.key = "mount", .group = ""};
  CHECK(!reads->run(risk, hang.work()));
  CHECK(reads->run(risk, answer) == 42);
  hang.release();
  REQUIRE(wait_until_none_hangs(*reads));
}

TEST_CASE("a group wastes its own time only") {
  auto reads =
      WatchedReads::create({.deadline = kDeadline, .patience = 5 * kDeadline / 2, .most_hanging = 4});
  std::vector<Hang> hangs(4);
  REQUIRE(reads->run({.key = "before", .group = "old"}, answer) == 42);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(!reads->run({.key = std::to_string(i), .group = "bad"}, hangs[i].work()));
  auto refused = reads->run({.key = "new", .group = "bad"}, answer);
  REQUIRE(!refused);
  CHECK(refused.error().message == "left alone: reads of bad hung too often");
  CHECK(!reads->run({.key = "3", .group = "worse"}, hangs[3].work()));
  // All threads that may hang do: who is unknown has to wait, who was read before has not.
  CHECK(!reads->run({.key = "x", .group = "unknown"}, answer));
  CHECK(reads->run({.key = "y", .group = "old"}, answer) == 42);
  CHECK(reads->run({.key = "z", .group = ""}, answer) == 42);
  for (Hang& hang : hangs) hang.release();
  REQUIRE(wait_until_none_hangs(*reads));
}

TEST_CASE("several callers at a time") {
  auto reads = WatchedReads::create();
  std::vector<std::future<int>> sums;
  for (int caller = 0; caller < 4; ++caller) {
    sums.push_back(std::async(std::launch::async, [&reads] {
      int sum = 0;
      for (int i = 0; i < 200; ++i)
        sum += reads->run({.key = "k", .group = "g"}, [i] { return i; }).value_or(0);
      return sum;
    }));
  }
  for (auto& sum : sums) CHECK(sum.get() == 199 * 100);
}

TEST_CASE("a reader that is destroyed while a read hangs") {
  Hang hang;
  auto reads = WatchedReads::create({.deadline = kDeadline});
  CHECK(!reads->run({.key = "k", .group = "g"}, hang.work()));
  reads.reset();
  hang.release();
}

}  // namespace weir::profiler
