// Stacks of Go programs in the kernel: goroutines, garbage collection, the scheduler's own stacks, C code.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <thread>

#include "profiler/process/proc_files.h"
#include "profiler/sampler.h"
#include "profiler/symbols/symbol_files.h"
#include "profiler/symbols/symbolizer.h"
#include "profiler/unwind/arena.h"
#include "tests/profiler/root/world.h"
#include "tests/support/process_tables.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;

constexpr int kSamples = 3000;

// Names of the places of one process.
class Names {
 public:
  explicit Names(std::uint32_t pid) : pid_(pid), maps_(read_proc(pid, "maps").value_or("")) {}

  std::string of(std::uint64_t address) {
    std::string name = fmt::format("0x{:x}", address);
    each_line(maps_, [&](std::string_view text) {
      auto line = parse_maps_line(text);
      if (!line || address < line->start || address >= line->limit) return;
      ModuleFile file{.path = std::string(line->path),
                      .host_path = fmt::format("/proc/{}/root{}", pid_, line->path),
                      .build_id = "",
                      .device = 0,
                      .inode = 0};
      NamedFrame frame = symbolizer_->name(file, address - line->start + line->offset);
      name = frame.lines.empty() ? fmt::format("{}+0x{:x}", line->path, frame.address)
                                 : frame.lines.back().function;
    });
    return name;
  }

 private:
  std::uint32_t pid_;
  std::string maps_;
  std::unique_ptr<Symbolizer> symbolizer_ =
      Symbolizer::create(std::make_shared<SymbolFiles>(), {}, Demangle::none);
};

std::string text_of(const SampleView& sample, Names& names) {
  std::string text = fmt::format("stop {}:", static_cast<int>(sample.user_stop));
  for (std::uint32_t i = 0; i < sample.user_frames && i < 12; ++i) {
    std::uint64_t address = sample.user[i] & ~CPU_SAMPLE_EXACT;
    text += " " + names.of(i == 0 ? address : address - 1) + (i == 0 ? fmt::format("@{:x}", address) : "");
  }
  return text;
}

void watch_stacks(const char* workload) {
  CAPTURE(std::string(workload));
  Child child(workload);
  auto begin = std::chrono::steady_clock::now();
  while (child.cpu_seconds() < 0.2 && std::chrono::steady_clock::now() < begin + 10s)
    std::this_thread::sleep_for(5ms);
  auto arena = Arena::open();
  if (!arena) FAIL(arena.error().message);
  SamplerOptions options{.sample_rate = 997, .collect = {.kernel = false}};
  options.unwind = (*arena)->maps();
  auto sampler = Sampler::open(options);
  if (!sampler) FAIL(sampler.error().message);
  auto process = put_process(**arena, child.pid());
  if (!process) FAIL(process.error().message);
  REQUIRE((*arena)->set_process(child.pid(), *process));
  (*arena)->end_writing();
  REQUIRE((*sampler)->choose_pid(child.pid()));
  Names names(child.pid());
  int samples = 0;
  int complete = 0;
  std::map<std::string, int> broken;
  auto end = std::chrono::steady_clock::now() + 30s;
  while (samples < kSamples && std::chrono::steady_clock::now() < end) {
    (*sampler)->drain([&](const SampleView& sample) {
      ++samples;
      if (sample.end != StackEnd::early) {
        ++complete;
      } else {
        ++broken[text_of(sample, names)];
      }
    });
    std::this_thread::sleep_for(20ms);
  }
  CHECK(samples >= kSamples);
  CHECK(complete >= samples * 0.995);
  std::printf("FIGURE: %s: %d of %d stacks complete\n", workload, complete, samples);
  int shown = 0;
  for (const auto& [text, count] : broken)
    if (++shown <= 20) MESSAGE(count << " " << text);
}

}  // namespace

TEST_CASE("stacks of Go programs reach the goroutine's or the thread's start") {
  if (skip("stacks of Go programs reach the goroutine's or the thread's start")) return;
  bool any = false;
  for (const char* workload : {"go_busy", "go_busy_stripped", "go_busy_cgo", "go_busy_cgo_pie_stripped"}) {
    if (::access((std::string(WEIR_WORKLOADS) + "/" + workload).c_str(), X_OK) != 0) continue;
    any = true;
    watch_stacks(workload);
  }
  if (!any) std::printf("SKIP: stacks of Go programs reach their start: there is no Go to build one\n");
}

}  // namespace weir::profiler::test
