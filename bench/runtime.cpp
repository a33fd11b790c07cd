// What the runtime itself costs: starting and reloading a config of N
// transforms, and a change passing through them. Components do next to nothing.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "runtime/controller.h"

namespace weir::runtime {
namespace {

struct NumberExports {
  std::int64_t value = 0;

  static constexpr auto fields() {
    return std::tuple{lang::required("value", &NumberExports::value, "The value.")};
  }
};

// Where the benchmark's thread and the components meet.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void(std::int64_t)> publish;
  std::int64_t arrived = -1;

  void arrive(std::int64_t value) {
    std::lock_guard lock(mutex);
    arrived = value;
    changed.notify_all();
  }
  void wait_for(std::int64_t value) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived == value; });
  }
};

Meeting& meeting() {
  static Meeting the_meeting;
  return the_meeting;
}

struct Source {
  static constexpr std::string_view kName = "bench.source";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Publishes numbers.";
  using Arguments = lang::Nothing;
  using Exports = NumberExports;
  using DebugInfo = lang::Nothing;

  Source(Context& ctx, Arguments) : ctx(ctx) { ctx.publish(Exports{0}); }
  void start() {
    std::lock_guard lock(meeting().mutex);
    meeting().publish = [this](std::int64_t value) {
      ctx.post([this, value] { ctx.publish(Exports{value}); });
    };
    meeting().changed.notify_all();
  }
  void apply(Arguments) {}
  void stop() {
    std::lock_guard lock(meeting().mutex);
    meeting().publish = nullptr;
  }

  Context& ctx;
};

struct Pass {
  static constexpr std::string_view kName = "bench.pass";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Passes a number on.";
  struct Arguments {
    std::int64_t value = 0;

    static constexpr auto fields() {
      return std::tuple{lang::required("value", &Arguments::value, "The value.")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = NumberExports;
  using DebugInfo = lang::Nothing;

  Pass(Context&, Arguments) {}
  Exports evaluate(const Arguments& args) { return {args.value}; }
};

struct Sink {
  static constexpr std::string_view kName = "bench.sink";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Takes a number.";
  using Arguments = Pass::Arguments;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Sink(Context&, Arguments args) : first(args.value) {}
  void start() { meeting().arrive(first); }
  void apply(Arguments args) { meeting().arrive(args.value); }
  void stop() {}

  std::int64_t first;
};

std::string block(std::string_view type, std::string_view label, std::string_view value) {
  return fmt::format("{} \"{}\" {{\n  value = {}\n}}\n", type, label, value);
}

// A chain of `depth` from the source to the sink, and `bystanders` it does not touch.
std::string config_text(std::int64_t depth, std::int64_t bystanders, std::int64_t version) {
  std::string text = "bench.source \"s\" { }\n";
  std::string last = "bench.source.s.value";
  for (std::int64_t i = 0; i < depth; ++i) {
    text += block("bench.pass", fmt::format("p{}", i), last);
    last = fmt::format("bench.pass.p{}.value", i);
  }
  text += block("bench.sink", "end", last);
  for (std::int64_t i = 0; i < bystanders; ++i) {
    text += block("bench.pass", fmt::format("b{}", i), fmt::to_string(i == 0 ? version : i));
  }
  return text;
}

class World {
 public:
  World() {
    registry_.add(Source::kName, [] { return component_type<Source>(); });
    registry_.add(Pass::kName, [] { return component_type<Pass>(); });
    registry_.add(Sink::kName, [] { return component_type<Sink>(); });
    path_ = std::filesystem::temp_directory_path() / fmt::format("weir-bench-{}.river", ::getpid());
    meeting().arrive(-1);
  }
  ~World() {
    controller_.reset();
    std::filesystem::remove(path_);
  }

  void write(const std::string& text) { std::ofstream(path_) << text; }
  void begin() {
    controller_ = Controller::create({.registry = &registry_,
                                      .log = &log_,
                                      .metrics = &metrics_,
                                      .clock = &system_clock(),
                                      .storage_path = "unused",
                                      .env = {}},
                                     {.config_path = path_, .watch_file = false});
  }
  bool load() { return controller_->load("bench").ok; }
  void end() { controller_.reset(); }

 private:
  Registry registry_;
  LogHub log_{[](std::string_view) {}};
  MetricRegistry metrics_;
  std::filesystem::path path_;
  std::unique_ptr<Controller> controller_;
};

void start_and_stop(benchmark::State& state) {
  World world;
  world.write(state.range(0) == 0 ? "" : config_text(state.range(0), 0, 0));
  for (auto _ : state) {
    world.begin();
    if (!world.load()) return state.SkipWithError("refused");
    world.end();
  }
}
BENCHMARK(start_and_stop)
    ->Arg(0)
    ->Arg(10)
    ->Arg(1000)
    ->Arg(5000)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

void reload_with_one_change(benchmark::State& state) {
  World world;
  world.begin();
  std::int64_t version = 0;
  world.write(config_text(3, state.range(0), ++version));
  world.load();
  for (auto _ : state) {
    state.PauseTiming();
    world.write(config_text(3, state.range(0), ++version));
    state.ResumeTiming();
    if (!world.load()) return state.SkipWithError("refused");
  }
}
BENCHMARK(reload_with_one_change)
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

void reload_without_change(benchmark::State& state) {
  World world;
  world.begin();
  world.write(config_text(3, state.range(0), 1));
  world.load();
  for (auto _ : state) {
    if (!world.load()) return state.SkipWithError("refused");
  }
}
BENCHMARK(reload_without_change)
    ->Arg(1000)
    ->Arg(10000)
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime();

// From publish() on the source's strand to apply() on the sink's; the bystanders must not matter.
void propagation(benchmark::State& state) {
  World world;
  world.begin();
  world.write(config_text(state.range(0), state.range(1), 0));
  if (!world.load()) return state.SkipWithError("refused");
  meeting().wait_for(0);
  {
    std::unique_lock lock(meeting().mutex);
    meeting().changed.wait(lock, [] { return meeting().publish != nullptr; });
  }
  std::int64_t value = 0;
  for (auto _ : state) {
    meeting().publish(++value);
    meeting().wait_for(value);
  }
}
BENCHMARK(propagation)
    ->ArgNames({"depth", "bystanders"})
    ->Args({1, 0})
    ->Args({10, 0})
    ->Args({10, 1000})
    ->Args({1000, 0})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace weir::runtime

BENCHMARK_MAIN();
