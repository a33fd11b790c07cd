#include "profiler/sampler.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <thread>

#include "tests/profiler/root/world.h"

namespace weir::profiler::test {

namespace {

std::unique_ptr<Sampler> open_sampler(SamplerOptions options) {
  auto sampler = Sampler::open(options);
  if (!sampler) FAIL(sampler.error().message);
  return std::move(*sampler);
}

bool wait_for(const Sampler& sampler, cpu_sample_counter counter, std::uint64_t least) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (sampler.stats()[counter] < least) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace

TEST_CASE("the kernel's counters add up, also when the ring is full") {
  if (skip("the kernel's counters add up, also when the ring is full")) return;
  Child child("shares");
  auto sampler = open_sampler({.sample_rate = 97});
  REQUIRE(sampler->choose_pid(child.pid()));
  REQUIRE(sampler->set_rate(20'000));
  CHECK(wait_for(*sampler, CPU_SAMPLE_LOST_RING_FULL, 100));
  sampler->drop_pid(child.pid());
  // Whoever was in the program when the pid was dropped has left it after some more ticks.
  CHECK(wait_for(*sampler, CPU_SAMPLE_RUNS, sampler->stats()[CPU_SAMPLE_RUNS] + 1000));
  std::uint64_t taken = 0;
  sampler->drain([&](const SampleView& sample) {
    ++taken;
    CHECK(sample.head->tgid == child.pid());
  });
  SamplerStats stats = sampler->stats();
  CHECK(stats.received == taken);
  CHECK(stats.malformed == 0);
  CHECK(stats[CPU_SAMPLE_SELECTED] ==
        taken + stats[CPU_SAMPLE_LOST_RING_FULL] + stats[CPU_SAMPLE_LOST_NO_STACK]);
  CHECK(stats[CPU_SAMPLE_ASKED] == 0);
}

TEST_CASE("kernel stacks that are remembered are those the kernel would tell") {
  if (skip("kernel stacks that are remembered are those the kernel would tell")) return;
  Child child("kernel_busy");
  for (bool user : {true, false}) {
    CAPTURE(user);
    auto sampler =
        open_sampler({.sample_rate = 4999, .collect = {.user = user}, .check_kernel_stacks = true});
    sampler->select_everyone(true);
    std::uint64_t kernel_stacks = 0;
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (std::chrono::steady_clock::now() < end) {
      sampler->drain([&](const SampleView& sample) { kernel_stacks += sample.kernel_frames > 0 ? 1 : 0; });
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    SamplerStats stats = sampler->stats();
    std::uint64_t remembered = stats[CPU_SAMPLE_KERNEL_REMEMBERED];
    std::printf("FIGURE: of %lu kernel stacks %lu were remembered\n",
                static_cast<unsigned long>(kernel_stacks), static_cast<unsigned long>(remembered));
    CHECK(stats[CPU_SAMPLE_KERNEL_WRONG] == 0);
    CHECK(remembered > 100);
  }
}

TEST_CASE("errors of the sampler say what to do") {
  auto sampler = Sampler::open({.sample_rate = 0});
  REQUIRE_FALSE(sampler);
  CHECK(sampler.error().message.find("1 to 20000") != std::string::npos);
  if (skip("errors of the sampler say what to do")) return;
  auto small = open_sampler({.sample_rate = 97, .pid_entries = 1});
  CHECK(small->choose_pid(1));
  auto second = small->choose_pid(2);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("pid_map_size") != std::string::npos);
}

}  // namespace weir::profiler::test
