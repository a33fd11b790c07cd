// The store: appending, reading an hour and a day of one service, opening, and bytes on disk of a day.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "store/store.h"

namespace weir::store {
namespace {

namespace fs = std::filesystem;
using profile::Profile;

constexpr int kWindow = 15;  // seconds

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}

// A program of 400 functions and 300 stacks of which each window shows some.
class Service {
 public:
  explicit Service(int number) : random_(static_cast<unsigned>(number)) {
    profile_.labels = profile::Labels{{"service_name", "service-" + std::to_string(number)},
                                      {"__name__", "process_cpu"},
                                      {"container_id", std::string(64, static_cast<char>('a' + number % 6))}};
    profile_.period = 10'309'278;
    profile_.duration = std::chrono::seconds(kWindow);
    for (int i = 0; i < 12; ++i) {
      profile_.mappings.push_back({.file = "/usr/lib/x86_64-linux-gnu/lib" + std::to_string(i) + ".so",
                                   .build_id = std::string(40, static_cast<char>('0' + i % 10))});
    }
    for (std::uint32_t i = 0; i < 400; ++i) {
      std::string name = "namespace_" + std::to_string(i % 9) + "::Class" + std::to_string(random_() % 997) +
                         "::do_something_" + std::to_string(random_() % 9973);
      frames_.push_back({profile::FrameKind::native,
                         profile::NoName::named,
                         i % 12,
                         random_() % 10'000'000,
                         {{std::move(name), "", 0}}});
    }
    for (int i = 0; i < 300; ++i) {
      std::vector<std::uint32_t> stack(8 + random_() % 30);
      for (std::size_t k = 0; k < stack.size(); ++k)
        stack[stack.size() - 1 - k] = static_cast<std::uint32_t>((k * k + random_() % (k + 1)) % 400);
      stacks_.push_back(std::move(stack));
    }
  }

  Profile window(int seconds) {
    Profile p = profile_;
    p.id = profile::ProfileId::random();
    p.start = at(seconds);
    std::vector<std::uint32_t> frame_index(frames_.size(), UINT32_MAX);
    for (const auto& stack : stacks_) {
      if (random_() % 3 != 0) continue;
      profile::Stack ours{.complete = true};
      for (std::uint32_t frame : stack) {
        if (frame_index[frame] == UINT32_MAX) {
          frame_index[frame] = static_cast<std::uint32_t>(p.frames.size());
          p.frames.push_back(frames_[frame]);
        }
        ours.frames.push_back(frame_index[frame]);
      }
      auto count = static_cast<std::int64_t>(1 + random_() % 20);
      p.samples.push_back({static_cast<std::uint32_t>(p.stacks.size()), count * p.period, count});
      p.stacks.push_back(std::move(ours));
    }
    return p;
  }

 private:
  std::mt19937 random_;
  Profile profile_;
  std::vector<profile::Frame> frames_;
  std::vector<std::vector<std::uint32_t>> stacks_;
};

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "weir-store-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::unique_ptr<Store> open_store(const fs::path& path) {
  return Store::open({.path = path, .limits = {.retention = std::chrono::hours(24), .max_bytes = 4ull << 30}})
      .value();
}

void append(benchmark::State& state) {
  Folder folder;
  auto store = open_store(folder.path);
  Service service(1);
  std::vector<Profile> windows;
  for (int i = 0; i < 64; ++i) windows.push_back(service.window(i * kWindow));
  std::size_t at = 0;
  for (auto _ : state) {
    if (!store->append(windows[at++ % windows.size()])) return state.SkipWithError("append failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(append);

constexpr int kServices = 50;
constexpr int kDay = 24 * 3600;

Selection one_service(int from, int until) {
  return {.service = "service-7", .profile_type = {}, .labels = {}, .range = {at(from), at(until)}};
}

// 50 services for a day, of which one is asked for.
class Day : public benchmark::Fixture {
 public:
  void SetUp(const benchmark::State&) override {
    if (store_) return;
    store_ = open_store(folder_.path);
    std::vector<Service> services;
    for (int i = 0; i < kServices; ++i) services.emplace_back(i);
    for (int second = 0; second < kDay; second += kWindow)
      for (Service& service : services) (void)store_->append(service.window(second));
  }

 protected:
  void count(benchmark::State& state) {
    auto stats = store_->stats();
    state.counters["MB"] = static_cast<double>(stats.bytes) / 1e6;
    state.counters["profiles"] = static_cast<double>(stats.profiles);
  }

  static inline Folder folder_;
  static inline std::unique_ptr<Store> store_;
};

BENCHMARK_DEFINE_F(Day, merge_hour)(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(store_->merge(one_service(kDay - 3600, kDay))->total());
  count(state);
}
BENCHMARK_REGISTER_F(Day, merge_hour)->Unit(benchmark::kMillisecond);

BENCHMARK_DEFINE_F(Day, merge_day)(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(store_->merge(one_service(0, kDay))->total());
}
BENCHMARK_REGISTER_F(Day, merge_day)->Unit(benchmark::kMillisecond);

BENCHMARK_DEFINE_F(Day, flame_day)(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(store_->flame(one_service(0, kDay), 2000)->total());
}
BENCHMARK_REGISTER_F(Day, flame_day)->Unit(benchmark::kMillisecond);

BENCHMARK_DEFINE_F(Day, services)(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(store_->services({at(0), at(kDay)}).size());
}
BENCHMARK_REGISTER_F(Day, services)->Unit(benchmark::kMillisecond);

BENCHMARK_DEFINE_F(Day, open)(benchmark::State& state) {
  store_.reset();
  for (auto _ : state) {
    auto store = open_store(folder_.path);
    state.counters["profiles"] = static_cast<double>(store->stats().profiles);
  }
  store_ = open_store(folder_.path);
}
BENCHMARK_REGISTER_F(Day, open)->Unit(benchmark::kMillisecond);

// What a day takes when all that is older than 6 h is kept by the minute; the last, as it changes the store.
BENCHMARK_DEFINE_F(Day, downsample)(benchmark::State& state) {
  store_->set_limits({.retention = std::chrono::hours(25),
                      .max_bytes = 4ull << 30,
                      .coarse_after = std::chrono::hours(6),
                      .coarse_window = std::chrono::minutes(1)});
  for (auto _ : state) {
    for (std::uint64_t merged = 1; merged != 0;) {
      std::uint64_t before = store_->stats().merged;
      store_->expire(at(kDay));
      merged = store_->stats().merged - before;
    }
  }
  count(state);
}
BENCHMARK_REGISTER_F(Day, downsample)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace weir::store

BENCHMARK_MAIN();
