// The unwinder in the kernel, over real tables of running processes.
#include <doctest/doctest.h>

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "profiler/sampler.h"
#include "profiler/unwind/arena.h"
#include "tests/profiler/root/world.h"
#include "tests/support/process_tables.h"
#include "tests/support/verifier_budget.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;

struct Watched {
  std::unique_ptr<Arena> arena;
  std::unique_ptr<Sampler> sampler;
};

Watched watch(SamplerOptions options = {.sample_rate = 997, .collect = {.kernel = false}}) {
  auto arena = Arena::open();
  if (!arena) FAIL(arena.error().message);
  options.unwind = (*arena)->maps();
  auto sampler = Sampler::open(options);
  if (!sampler) FAIL(sampler.error().message);
  return {std::move(*arena), std::move(*sampler)};
}

void know(Watched& watched, const Child& child) {
  auto process = put_process(*watched.arena, child.pid());
  if (!process) FAIL(process.error().message);
  REQUIRE(watched.arena->set_process(child.pid(), *process));
  watched.arena->end_writing();
}

// Past exec and the start of the program: its clock goes.
void wait_until_busy(const Child& child) {
  auto end = std::chrono::steady_clock::now() + 10s;
  while (child.cpu_seconds() < 0.02) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(5ms);
  }
}

// Calls `each` for samples as they come, until there were so many.
template <class Each>
void take(Sampler& sampler, int samples, Each each) {
  auto end = std::chrono::steady_clock::now() + 20s;
  while (samples > 0 && std::chrono::steady_clock::now() < end) {
    sampler.drain([&](const SampleView& sample) {
      --samples;
      each(sample);
    });
    std::this_thread::sleep_for(20ms);
  }
  CHECK(samples <= 0);
}

}  // namespace

TEST_CASE("a recursion without frame pointers has its exact depth in every sample") {
  if (skip("a recursion without frame pointers has its exact depth in every sample")) return;
  struct Row {
    int depth;
    std::uint32_t frames;  // bottom(), descend()s, main(), and three of the C library
    cpu_sample_stop stop;
  };
  for (const Row& row : {Row{21, 26, CPU_SAMPLE_STOP_END}, Row{295, 300, CPU_SAMPLE_STOP_END},
                         Row{507, 512, CPU_SAMPLE_STOP_END}, Row{595, 512, CPU_SAMPLE_STOP_TRUNCATED}}) {
    CAPTURE(row.depth);
    Child child("deep_no_frame_pointers", {std::to_string(row.depth)});
    wait_until_busy(child);
    Watched watched = watch();
    know(watched, child);
    REQUIRE(watched.sampler->choose_pid(child.pid()));
    int samples = 0;
    int exact = 0;
    take(*watched.sampler, 500, [&](const SampleView& sample) {
      ++samples;
      bool good = sample.user_frames == row.frames && sample.user_stop == row.stop;
      good &= sample.user_mode == CPU_SAMPLE_UNWIND_TABLES;
      good &= (sample.end == StackEnd::thread_start) == (row.stop == CPU_SAMPLE_STOP_END);
      good &= (sample.head->flags & CPU_SAMPLE_UNKNOWN_PROCESS) == 0;
      exact += good ? 1 : 0;
    });
    CHECK(exact == samples);
  }
}

TEST_CASE("the verifier's work stays within its budget") {
  if (skip("the verifier's work stays within its budget")) return;
  auto processed = processed_instructions(WEIR_BPF_OBJECT);
  if (!processed) FAIL(processed.error().message);
  std::printf("FIGURE: the verifier looks at %lu instructions of cpu_sample\n",
              static_cast<unsigned long>(*processed));
  CHECK(*processed < kVerifierBudget);
}

TEST_CASE("a process that is in no table wakes whoever waits, a known one does not") {
  if (skip("a process that is in no table wakes whoever waits, a known one does not")) return;
  Child child("deep_no_frame_pointers", {"5"});
  wait_until_busy(child);
  Watched watched = watch();
  REQUIRE(watched.sampler->choose_pid(child.pid()));
  pollfd waiting{.fd = watched.sampler->wait_fd(), .events = POLLIN, .revents = 0};
  REQUIRE(poll(&waiting, 1, 5000) == 1);
  int unknown = 0;
  watched.sampler->drain([&](const SampleView& sample) {
    CHECK(sample.user_mode == CPU_SAMPLE_FRAME_POINTERS);
    unknown += (sample.head->flags & CPU_SAMPLE_UNKNOWN_PROCESS) != 0 ? 1 : 0;
  });
  CHECK(unknown > 0);
  know(watched, child);
  take(*watched.sampler, 100, [](const SampleView&) {});
  // Those of before it was known have been taken.
  take(*watched.sampler, 100,
       [](const SampleView& sample) { CHECK((sample.head->flags & CPU_SAMPLE_UNKNOWN_PROCESS) == 0); });
}

}  // namespace weir::profiler::test
