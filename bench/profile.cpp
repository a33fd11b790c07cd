// How fast profiles are written, read and merged: 20,000 stacks of 25 frames over 4,000 functions.
#include <benchmark/benchmark.h>

#include <string>

#include "base/own_usage.h"
#include "profile/flame.h"
#include "profile/pprof.h"

namespace weir::profile {
namespace {

Profile big_profile() {
  Profile p;
  p.period = 10'309'278;
  p.mappings = {
      {.file = "/usr/bin/app", .build_id = "0123456789abcdef", .start = 0x400000, .limit = 0x900000}};
  for (std::uint32_t i = 0; i < 4000; ++i) {
    p.frames.push_back({FrameKind::native,
                        NoName::named,
                        0,
                        0x401000 + i * 64,
                        {{"some::space::Class" + std::to_string(i) + "::method", "", 0}}});
  }
  std::uint32_t state = 7;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    Stack stack;
    for (std::uint32_t depth = 0; depth < 25; ++depth) {
      state = state * 1664525 + 1013904223;
      // Near the root there is little choice, near the leaf much.
      stack.frames.push_back(depth * 160 + (state >> 16) % (160 / (depth + 1) + 1));
    }
    p.stacks.push_back(stack);
    p.samples.push_back({i, p.period, 1});
  }
  return p;
}

void report(benchmark::State& state, std::size_t bytes, std::size_t stacks) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
  state.counters["ns/stack"] = benchmark::Counter(static_cast<double>(state.iterations() * stacks) / 1e9,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void encode(benchmark::State& state) {
  Profile p = big_profile();
  std::size_t size = 0;
  for (auto _ : state) size = encode_pprof(p).size();
  report(state, size, p.samples.size());
}
BENCHMARK(encode)->Unit(benchmark::kMicrosecond);

void encode_gzip(benchmark::State& state) {
  Profile p = big_profile();
  std::size_t size = encode_pprof(p).size();
  for (auto _ : state) benchmark::DoNotOptimize(encode_pprof_gzip(p));
  report(state, size, p.samples.size());
}
BENCHMARK(encode_gzip)->Unit(benchmark::kMicrosecond);

void decode(benchmark::State& state) {
  std::string message = encode_pprof(big_profile());
  for (auto _ : state) benchmark::DoNotOptimize(decode_pprof(message, 64u << 20));
  report(state, message.size(), 20'000);
}
BENCHMARK(decode)->Unit(benchmark::kMicrosecond);

void flame_add(benchmark::State& state) {
  Profile p = big_profile();
  for (auto _ : state) {
    FlameTree tree;
    tree.add(p);
    tree.finish(10'000);
    benchmark::DoNotOptimize(tree.nodes().data());
  }
  report(state, 0, p.samples.size());
}
BENCHMARK(flame_add)->Unit(benchmark::kMicrosecond);

void flame_add_again(benchmark::State& state) {
  Profile p = big_profile();
  FlameTree tree;
  for (auto _ : state) tree.add(p);
  report(state, 0, p.samples.size());
}
BENCHMARK(flame_add_again)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weir::profile

int main(int argc, char** argv) {
  // As in the program: memory that was freed has to be had from the kernel again.
  weir::limit_malloc();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
