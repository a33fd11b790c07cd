// How fast samples find their target and their place in files: 26 frames, of 2000 distinct stacks of 20
// processes.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "profiler/aggregator.h"
#include "profiler/sample_buffer.h"

namespace weir::profiler {

namespace {

constexpr std::uint32_t kFirstPid = 0x7fff0000;  // above the kernel's largest: nothing is read from /proc
constexpr std::uint32_t kProcesses = 20;
constexpr std::uint32_t kMappings = 30;
constexpr std::uint32_t kFrames = 26;
constexpr std::size_t kStacks = 2000;
constexpr std::uint64_t kMappingBytes = 1u << 20;

std::uint64_t mapping_start(std::uint32_t index) {
  return 0x7f00'0000'0000 + index * 16 * kMappingBytes;
}

void fill(ProcessTable& table) {
  for (std::uint32_t i = 0; i < kProcesses; ++i) {
    std::uint32_t pid = kFirstPid + i;
    table.apply({.time = 1, .pid = pid, .tid = pid, .what = ExecEvent{"app"}});
    for (std::uint32_t m = 0; m < kMappings; ++m) {
      MapEvent map{.start = mapping_start(m), .limit = mapping_start(m) + kMappingBytes, .executable = true};
      map.build_id = "ab";
      map.path = "/usr/lib/library" + std::to_string(m) + ".so";
      table.apply({.time = 1, .pid = pid, .tid = pid, .what = std::move(map)});
    }
  }
}

std::vector<std::vector<std::uint64_t>> make_records() {
  std::vector<std::vector<std::uint64_t>> records;
  std::uint32_t state = 7;
  for (std::size_t i = 0; i < kStacks; ++i) {
    cpu_sample head{};
    cpu_sample_section section{};
    head.size = sizeof head + sizeof section + kFrames * sizeof(std::uint64_t);
    head.type = CPU_SAMPLE_STACK;
    head.version = CPU_SAMPLE_VERSION;
    head.time = i + 2;
    head.tgid = kFirstPid + static_cast<std::uint32_t>(i % kProcesses);
    head.sections = 1;
    section.kind = CPU_SAMPLE_USER;
    section.flags = CPU_SAMPLE_COMPLETE;
    section.frame_size = sizeof(std::uint64_t);
    section.frames = kFrames;
    std::vector<std::uint64_t> words(head.size / sizeof(std::uint64_t));
    std::memcpy(words.data(), &head, sizeof head);
    std::memcpy(words.data() + sizeof head / sizeof words[0], &section, sizeof section);
    for (std::uint32_t depth = 0; depth < kFrames; ++depth) {
      state = state * 1664525 + 1013904223;
      words[words.size() - kFrames + depth] =
          mapping_start((state >> 8) % kMappings) + 16 * ((state >> 16) % 4096 + 1);
    }
    records.push_back(std::move(words));
  }
  return records;
}

void aggregate(benchmark::State& state) {
  ProcessTable table({.entries = 1024});
  fill(table);
  Cgroups cgroups(CgroupHierarchy{}, 16);
  Targets targets;
  std::vector<ProfiledTarget> wanted;
  for (std::uint32_t i = 0; i < kProcesses; ++i) wanted.push_back({kFirstPid + i, "", {}});
  targets.set(wanted);
  Aggregator aggregator(table, cgroups, targets, [](std::uint64_t, cpu_sample_choice) {});
  auto records = make_records();
  SampleBuffer buffer;
  std::int64_t samples = 0;
  for (auto _ : state) {
    for (const auto& record : records) buffer.push(*reinterpret_cast<const cpu_sample*>(record.data()));
    buffer.take_until(~std::uint64_t{0},
                      [&](const SampleView& sample) { aggregator.add(sample, MonoTime{}); });
    samples += static_cast<std::int64_t>(records.size());
  }
  state.SetItemsProcessed(samples);
}
BENCHMARK(aggregate)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace weir::profiler

BENCHMARK_MAIN();
