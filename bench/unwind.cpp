// What a sample costs in the kernel, by frame pointers and by unwind tables in turn, and where stacks end:
//   unwind_bench RATE SECONDS PID...
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>
#include <vector>

#include "profiler/sampler.h"
#include "profiler/unwind/arena.h"
#include "tests/support/process_tables.h"

namespace weir::profiler {

namespace {

struct Figures {
  std::uint64_t samples = 0;
  std::uint64_t frames = 0;
  std::uint64_t complete = 0;
  std::uint64_t ns = 0;
  std::map<int, std::uint64_t> stops;
};

Result<> measure(const SamplerOptions& options, std::chrono::milliseconds time,
                 const std::vector<std::uint32_t>& pids, Figures& figures) {
  auto sampler = Sampler::open(options);
  if (!sampler) return fail(sampler.error());
  for (std::uint32_t pid : pids) {
    if (auto chosen = (*sampler)->choose_pid(pid); !chosen) return chosen;
  }
  auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    (*sampler)->drain([&](const SampleView& sample) {
      figures.frames += sample.user_frames;
      figures.complete += sample.end == StackEnd::thread_start ? 1 : 0;
      ++figures.stops[sample.user_stop];
    });
  }
  SamplerStats stats = (*sampler)->stats();
  figures.samples += stats[CPU_SAMPLE_SELECTED];
  figures.ns += stats[CPU_SAMPLE_BUSY_NS];
  return {};
}

void print(const char* name, const Figures& figures) {
  if (figures.samples == 0) return;
  auto n = static_cast<double>(figures.samples);
  std::printf("%-15s %6.0f samples, %6.1f frames, %6.0f ns a sample, %5.1f a frame, %6.2f %% complete; stops",
              name, n, static_cast<double>(figures.frames) / n, static_cast<double>(figures.ns) / n,
              static_cast<double>(figures.ns) / static_cast<double>(figures.frames),
              100 * static_cast<double>(figures.complete) / n);
  for (auto [stop, count] : figures.stops) std::printf(" %d:%lu", stop, static_cast<unsigned long>(count));
  std::printf("\n");
}

Result<> run(std::uint32_t rate, std::chrono::milliseconds time, const std::vector<std::uint32_t>& pids) {
  auto arena = test::arena_of(pids);
  if (!arena) return fail(arena.error());
  std::printf("%zu bytes used, %zu rules\n", (*arena)->used_bytes(), (*arena)->rules());
  constexpr int kTurns = 5;
  Figures by_tables, by_frame_pointers;
  for (int turn = 0; turn < kTurns; ++turn) {
    SamplerOptions options{.sample_rate = rate, .collect = {.kernel = false}};
    if (auto done = measure(options, time / kTurns, pids, by_frame_pointers); !done) return done;
    options.unwind = (*arena)->maps();
    if (auto done = measure(options, time / kTurns, pids, by_tables); !done) return done;
  }
  print("frame pointers", by_frame_pointers);
  print("tables", by_tables);
  return {};
}

}  // namespace

}  // namespace weir::profiler

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: unwind_bench RATE SECONDS PID...\n");
    return 2;
  }
  std::vector<std::uint32_t> pids;
  for (int i = 3; i < argc; ++i) pids.push_back(static_cast<std::uint32_t>(std::atoi(argv[i])));
  auto done = weir::profiler::run(static_cast<std::uint32_t>(std::atoi(argv[1])),
                                  std::chrono::seconds(std::atoi(argv[2])), pids);
  if (done) return 0;
  std::fprintf(stderr, "unwind_bench: %s\n", done.error().message.c_str());
  return 1;
}
