// What the runtime itself costs: a config of N `discovery.relabel` blocks, in a chain or side by side behind
// one source, that starts, is reloaded, and through which a change passes. Prints each figure beside its
// limit: the median of several rounds by CPU time of all threads (others on the machine do not count), and by
// the clock.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "components/discovery/target.h"
#include "components/relabel/relabel.h"
#include "runtime/controller.h"

namespace weir::runtime {
namespace {

using discovery::Target;
using discovery::TargetExports;
using discovery::TargetList;

// Where the benchmark's thread and the components meet.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void(int)> publish;
  std::string arrived;
  std::atomic<int> last = 0;  // of the changes: who brings an earlier one is to publish the next

  void arrive(std::string_view value) {
    if (int version = std::atoi(std::string(value).c_str()); version < last) return publish(version + 1);
    {
      std::lock_guard lock(mutex);
      arrived = value;
    }
    changed.notify_all();
  }
  void wait_for(std::string_view value) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived == value; });
  }
  void wait_for_source() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return publish != nullptr; });
  }
};

Meeting& meeting() {
  static Meeting the_meeting;
  return the_meeting;
}

// Publishes one target whose label `version` is told.
struct Source {
  static constexpr std::string_view kName = "bench.source";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Publishes a target.";
  using Arguments = lang::Nothing;
  using Exports = TargetExports;
  using DebugInfo = lang::Nothing;

  Source(Context& ctx, Arguments) : ctx(ctx) { publish(0); }
  void start() {
    std::lock_guard lock(meeting().mutex);
    meeting().publish = [this](int version) { ctx.post([this, version] { publish(version); }); };
    meeting().changed.notify_all();
  }
  void apply(Arguments) {}
  void stop() {
    std::lock_guard lock(meeting().mutex);
    meeting().publish = nullptr;
  }
  void publish(int version) {
    ctx.publish(Exports{{TargetList::make(
        {Target::make({{"__address__", "host:80"}, {"version", fmt::to_string(version)}}, layouts)})}});
  }

  Context& ctx;
  discovery::LayoutTable layouts;  // as finders have it: their targets share their names
};

struct Sink {
  static constexpr std::string_view kName = "bench.sink";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Takes targets.";
  struct Arguments {
    discovery::Targets targets;

    static constexpr auto fields() {
      return std::tuple{lang::required("targets", &Arguments::targets, "The targets.")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Sink(Context&, Arguments args) : first(std::move(args)) {}
  void start() { arrive(first); }
  void apply(Arguments args) { arrive(args); }
  void stop() {}
  static void arrive(const Arguments& args) {
    if (args.targets.size() > 0) meeting().arrive((*args.targets.begin())->get("version"));
  }

  Arguments first;
};

enum class Shape { chain, fan_out };
constexpr Shape kShapes[] = {Shape::chain, Shape::fan_out};

std::string_view to_string(Shape shape) {
  return shape == Shape::chain ? "chain" : "fan-out";
}

// The sink uses the last: what it is told all have been told.
std::string config_text(Shape shape, int count, int version = 0) {
  std::string text = "bench.source \"s\" { }\n";
  std::string last = "bench.source.s.targets";
  for (int i = 0; i < count; ++i) {
    bool is_leaf = i == count / 2;
    text += fmt::format(
        "\ndiscovery.relabel \"r{}\" {{\n  targets = {}\n\n  rule {{\n    target_label = \"hop\"\n"
        "    replacement  = \"r{}{}\"\n  }}\n}}\n",
        i, shape == Shape::chain ? last : "bench.source.s.targets", i,
        is_leaf ? fmt::format("-{}", version) : "");
    last = fmt::format("discovery.relabel.r{}.output", i);
  }
  return text + fmt::format("\nbench.sink \"end\" {{\n  targets = {}\n}}\n", last);
}

class World {
 public:
  World() {
    registry_.add(relabel::Relabel::kName, [] { return component_type<relabel::Relabel>(); });
    registry_.add(Source::kName, [] { return component_type<Source>(); });
    registry_.add(Sink::kName, [] { return component_type<Sink>(); });
    path_ = std::filesystem::temp_directory_path() / fmt::format("weir-bench-{}.river", ::getpid());
  }
  ~World() {
    controller_.reset();
    std::filesystem::remove(path_);
  }

  void write(const std::string& text) { std::ofstream(path_) << text; }
  void begin() {
    meeting().last = 0;
    meeting().arrive("");
    controller_ = Controller::create({.registry = &registry_,
                                      .log = &log_,
                                      .metrics = &metrics_,
                                      .clock = &system_clock(),
                                      .storage_path = "unused",
                                      .env = {}},
                                     {.config_path = path_, .watch_file = false});
  }
  void load() {
    LoadResult result = controller_->load("bench");
    if (result.ok) return;
    std::fputs(lang::render(result.diagnostics).c_str(), stderr);
    std::exit(1);
  }
  void end() { controller_.reset(); }

 private:
  Registry registry_;
  LogHub log_{[](std::string_view) {}};
  MetricRegistry metrics_;
  std::filesystem::path path_;
  std::unique_ptr<Controller> controller_;
};

double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double wall_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Cost {
  double cpu = 0, wall = 0;  // ms
};

Cost median(std::vector<Cost> rounds) {
  auto middle = [&](double Cost::* member) {
    std::ranges::sort(rounds, {}, member);
    return rounds[rounds.size() / 2].*member;
  };
  return {middle(&Cost::cpu), middle(&Cost::wall)};
}

// `prepare` is not counted.
Cost measure(int rounds, const std::function<void(int round)>& prepare, const std::function<void()>& work) {
  std::vector<Cost> costs;
  for (int i = 0; i < rounds; ++i) {
    prepare(i);
    Cost start{cpu_ms(), wall_ms()};
    work();
    costs.push_back({cpu_ms() - start.cpu, wall_ms() - start.wall});
  }
  return median(std::move(costs));
}

void print(std::string_view what, Shape shape, Cost cost, double limit) {
  fmt::print("{:<48} {:<8} {:>9.2f} {:>9.2f} {:>9.0f}  {}\n", what, to_string(shape), cost.cpu, cost.wall,
             limit, cost.cpu <= limit ? "" : "over");
  std::fflush(stdout);
}

constexpr int kRounds = 9;

// From nothing to a graph of which every component is evaluated.
void start(Shape shape) {
  World world;
  world.write(config_text(shape, 5000));
  Cost cost = measure(
      kRounds, [&](int) { world.end(); },
      [&] {
        world.begin();
        world.load();
        meeting().wait_for("0");
      });
  print("start to ready, 5,000", shape, cost, 100);
}

void reload_without_change(Shape shape, int count, double limit) {
  World world;
  world.write(config_text(shape, count));
  world.begin();
  world.load();
  Cost cost = measure(kRounds, [](int) {}, [&] { world.load(); });
  print(fmt::format("reload without a change, {}", count), shape, cost, limit);
}

// Between its first and its last line all of it counts as changed.
void reload_of_other_text(Shape shape, int count, double limit) {
  World world;
  world.write(config_text(shape, count));
  world.begin();
  world.load();
  auto edited = [&](int round) {
    std::string text = config_text(shape, count);
    return fmt::format("// {0}\n{1}\n// {0}\n", round, text);
  };
  Cost cost = measure(kRounds, [&](int round) { world.write(edited(round)); }, [&] { world.load(); });
  print(fmt::format("reload with all blocks changed, {}", count), shape, cost, limit);
}

// In a chain it is no leaf, and what hangs on it follows: measured for what stands alone.
void reload_of_one(int count) {
  World world;
  world.write(config_text(Shape::fan_out, count));
  world.begin();
  world.load();
  Cost cost = measure(
      kRounds, [&](int round) { world.write(config_text(Shape::fan_out, count, round + 1)); },
      [&] { world.load(); });
  print(fmt::format("reload with one changed leaf of {}", count), Shape::fan_out, cost, 15);
}

// Another graph: all of it is planned anew.
void reload_with_one_more(int count) {
  World world;
  std::string text = config_text(Shape::fan_out, count);
  world.write(text);
  world.begin();
  world.load();
  auto with_more = [&](int round) {
    return text + fmt::format("discovery.relabel \"more{}\" {{\n  targets = []\n}}\n", round);
  };
  Cost cost = measure(kRounds, [&](int round) { world.write(with_more(round)); }, [&] { world.load(); });
  print(fmt::format("reload with another component of {}", count), Shape::fan_out, cost, 100);
}

// Of one change. Of a small graph many follow each other, the sink tells the source: this thread neither
// wakes up nor is woken for each of them.
Cost propagation(Shape shape, int count) {
  World world;
  world.write(config_text(shape, count));
  world.begin();
  world.load();
  meeting().wait_for_source();
  meeting().wait_for("0");
  int version = 0;
  int changes = std::max(1, 1000 / count);
  Cost cost = measure(
      count < 10'000 ? 301 : 101, [](int) {},
      [&] {
        meeting().last = version + changes;
        meeting().publish(++version);
        version = meeting().last;
        meeting().wait_for(fmt::to_string(version));
      });
  return {cost.cpu / changes, cost.wall / changes};
}

// On one CPU: to wake another that sleeps costs up to 25 µs where that is a virtual one, and has nothing to
// do with what it wakes up for.
class OneCpu {
 public:
  OneCpu() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCpu() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

 private:
  cpu_set_t before_;
};

void curve(Shape shape) {
  OneCpu one_cpu;  // and for the threads that are made from here on
  double least = 0, most = 0;
  for (int count : {10, 100, 1000, 10'000}) {
    Cost cost = propagation(shape, count);
    double each = cost.cpu * 1e3 / (count + 1);  // and the sink
    least = least == 0 ? each : std::min(least, each);
    most = std::max(most, each);
    fmt::print("{:<48} {:<8} {:>9.2f}\n", fmt::format("µs a changed component, {}", count), to_string(shape),
               each);
    if (count == 1000 && shape == Shape::chain) print("a change through 1,000", shape, cost, 5);
  }
  fmt::print("{:<48} {:<8} {:>9.2f} {:>9} {:>9}  {}\n", "most by least of these", to_string(shape),
             most / least, "", 2, most / least <= 2 ? "" : "over");
}

struct Part {
  std::string_view name;
  void (*run)();
};

constexpr Part kParts[] = {
    {"start",
     [] {
       for (Shape shape : kShapes) start(shape);
     }},
    {"same",
     [] {
       for (Shape shape : kShapes) reload_without_change(shape, 1000, 8);
       for (Shape shape : kShapes) reload_without_change(shape, 10'000, 100);
     }},
    {"all",
     [] {
       for (Shape shape : kShapes) reload_of_other_text(shape, 10'000, 100);
     }},
    {"leaf", [] { reload_of_one(10'000); }},
    {"more", [] { reload_with_one_more(10'000); }},
    {"change",
     [] {
       for (Shape shape : kShapes) curve(shape);
     }},
};

}  // namespace
}  // namespace weir::runtime

// All parts, or those that are named.
int main(int count, char** words) {
  fmt::print("{:<48} {:<8} {:>9} {:>9} {:>9}\n", "ms", "", "CPU", "clock", "limit");
  std::vector<std::string_view> wanted(words + 1, words + count);
  for (const auto& part : weir::runtime::kParts) {
    if (wanted.empty() || std::ranges::find(wanted, part.name) != wanted.end()) part.run();
  }
}
