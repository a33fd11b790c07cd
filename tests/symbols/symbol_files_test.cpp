// One cache of symbol tables for several sessions.
#include "profiler/symbols/symbol_files.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "profiler/symbols/symbolizer.h"
#include "support.h"

namespace weir::profiler {
namespace {

constexpr auto kSoon = std::chrono::seconds(20);

// Reads of paths with "slow" in them wait until they are let go.
class GatedReads final : public WatchedReads {
 public:
  WatchedReadsStats stats() const override { return {}; }

  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait_for_reader() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kSoon, [&] { return slow_reads_ > 0; });
  }
  int slow_reads() const {
    std::lock_guard lock(mutex_);
    return slow_reads_;
  }

 private:
  Result<> run_erased(const ReadRisk& risk, std::function<void()> work) override {
    if (risk.key.find("slow") != std::string::npos) {
      std::unique_lock lock(mutex_);
      ++slow_reads_;
      changed_.notify_all();
      if (!changed_.wait_for(lock, kSoon, [&] { return open_; })) return fail("nobody let it go");
    }
    work();
    return {};
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int slow_reads_ = 0;
};

struct World {
  World() {
    for (const char* name : {"slow", "fast"}) std::filesystem::create_directory(folder / name);
  }

  ModuleFile module(const std::string& name, const char* function = "f") {
    std::string path = folder.write(name, make_image({{function, 0x401000, 16}}));
    return {.path = path, .host_path = path, .device = 1, .inode = ++inode};
  }

  tests::TempDir folder;
  std::uint64_t inode = 0;
  std::shared_ptr<GatedReads> reads = std::make_shared<GatedReads>();
  std::shared_ptr<SymbolFiles> files = std::make_shared<SymbolFiles>(reads);
};

TEST_CASE("a file that reads slowly holds only who needs it, and is read once") {
  World world;
  SymbolFiles::Share share(world.files, {});
  ModuleFile slow = world.module("slow/a");
  auto first = std::async(std::launch::async, [&] { return world.files->find_or_load(slow); });
  REQUIRE(world.reads->wait_for_reader());
  auto second = std::async(std::launch::async, [&] { return world.files->find_or_load(slow); });
  CHECK(world.files->find_or_load(world.module("fast/b"))->symbols.size() == 1);
  CHECK(world.files->infos().size() == 1);
  world.reads->open();
  SymbolFilePtr file = first.get();
  CHECK(file->symbols.size() == 1);
  CHECK(second.get() == file);
  CHECK(world.reads->slow_reads() == 1);
}

TEST_CASE("sessions share tables, each with its own spelling of names") {
  World world;
  auto full = Symbolizer::create(world.files, {}, Demangle::full);
  auto none = Symbolizer::create(world.files, {}, Demangle::none);
  ModuleFile module = world.module("a", "_ZN3foo3barEi");
  CHECK(full->name(module, 0x1000).lines.at(0).function == "foo::bar(int)");
  CHECK(none->name(module, 0x1000).lines.at(0).function == "_ZN3foo3barEi");
  CHECK(full->files().size() == 1);
}

TEST_CASE("of several sessions the largest limit holds, and the windows of each") {
  World world;
  SessionLimits small{.cache_rounds = 0, .build_id_files = 1, .same_files = 1};
  SessionLimits large{.cache_rounds = 0, .build_id_files = 3, .same_files = 3};
  SymbolFiles::Share one(world.files, small);
  auto two = std::make_unique<SymbolFiles::Share>(world.files, large);
  for (const char* name : {"a", "b", "c", "d", "e"}) (void)world.files->find_or_load(world.module(name));
  CHECK(world.files->infos().size() == 5);
  one.end_window();
  CHECK(world.files->infos().size() == 5);  // in the window of the other one they were used
  two->end_window();
  CHECK(world.files->infos().size() == 3);
  two.reset();
  CHECK(world.files->infos().size() == 1);
  CHECK(world.files->infos()[0].file.ends_with("/e"));
}

TEST_CASE("the limit of bytes holds within a window too") {
  World world;
  SessionLimits limits;
  SymbolFiles::Share share(world.files, limits);
  (void)world.files->find_or_load(world.module("a"));
  limits.symbol_bytes = world.files->infos().at(0).bytes * 2;
  share.set_limits(limits);
  for (const char* name : {"b", "c"}) (void)world.files->find_or_load(world.module(name));
  CHECK(world.files->infos().size() == 2);
}

TEST_CASE("threads that ask for the same files at once all get them") {
  World world;
  SymbolFiles::Share share(world.files, {.cache_rounds = 0, .build_id_files = 2, .same_files = 2});
  std::vector<ModuleFile> modules;
  for (const char* name : {"a", "b", "c", "d"}) modules.push_back(world.module(name));
  std::vector<std::thread> threads;
  std::atomic<int> named = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        for (const ModuleFile& module : modules) {
          SymbolFilePtr file = world.files->find_or_load(module);
          if (auto names = world.files->names_of(file, {0}); names && names->at(0) == "f") ++named;
        }
        share.end_window();
        (void)world.files->infos();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(named == 4 * 50 * 4);
}

}  // namespace
}  // namespace weir::profiler
