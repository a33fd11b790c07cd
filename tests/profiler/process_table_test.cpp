#include "profiler/process/table.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "profiler/process/file_access.h"
#include "profiler/symbols/elf.h"
#include "tests/support/temp_dir.h"

namespace weir::profiler {

namespace {

constexpr std::uint32_t kPid = 4'200'000;  // beyond what the kernel gives: /proc has none of it
constexpr std::uint32_t kParent = 4'200'001;

// A table and what it is told, one event a nanosecond.
class Told {
 public:
  ProcessTable table{ProcessTableLimits{.entries = 16}};

  template <class What>
  void say(std::uint32_t pid, What what) {
    say(pid, pid, std::move(what));
  }
  template <class What>
  void say(std::uint32_t pid, std::uint32_t tid, What what) {
    table.apply({.time = ++time_, .pid = pid, .tid = tid, .what = std::move(what)});
  }
  void maps(std::uint32_t pid, std::uint64_t start, std::uint64_t limit, std::string path,
            std::string build_id) {
    say(pid, MapEvent{.start = start,
                      .limit = limit,
                      .executable = true,
                      .build_id = std::move(build_id),
                      .path = std::move(path)});
  }
  Process& sample(std::uint32_t pid) {
    Process& process = table.sampled(pid, ++time_);
    ++process.samples;
    return process;
  }
  std::string file_at(std::uint32_t pid, std::uint64_t address) {
    const auto* mapping = sample(pid).mappings.find(address);
    return mapping ? mapping->module->path + " " + mapping->module->build_id : "";
  }

 private:
  std::uint64_t time_ = 1000;
};

// Reads at once, counts, and says when the first read was over.
class SeenReads final : public WatchedReads {
 public:
  int count = 0;
  std::uint64_t first_over = 0;
  WatchedReadsStats stats() const override { return {}; }

 private:
  Result<> run_erased(const ReadRisk&, std::function<void()> work) override {
    work();
    if (count++ == 0) first_over = monotonic_ns();
    return {};
  }
};

}  // namespace

TEST_CASE("what happens while mappings are read is taken from the events") {
  auto self = static_cast<std::uint32_t>(::getpid());
  auto reads = std::make_shared<SeenReads>();
  ProcessTable table({.entries = 16}, reads);
  REQUIRE(table.sampled(self, 1).mappings.size() > 1);
  std::uint64_t during = reads->first_over;
  table.apply({.time = during, .pid = self, .tid = self, .what = ExecEvent{"next"}});
  MapEvent map{.start = 0x1000, .limit = 0x2000, .executable = true, .build_id = "aa", .path = "/bin/next"};
  table.apply({.time = during, .pid = self, .tid = self, .what = map});
  const Process* process = table.find(self);
  CHECK(process->comm == "next");
  CHECK(process->mappings.size() == 1);
}

TEST_CASE("mappings are read less and less often for an address that is in none") {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kNowhere = 0x10;
  auto self = static_cast<std::uint32_t>(::getpid());
  auto reads = std::make_shared<SeenReads>();
  ProcessTable table({.entries = 16}, reads);
  Process& process = table.sampled(self, 0);
  std::vector<std::uint64_t> read_at;
  auto look_at = [&](std::uint64_t second) {
    int before = reads->count;
    CHECK(table.find_mapping(process, kNowhere, second * kSecond) == nullptr);
    if (reads->count != before) read_at.push_back(second);
  };
  for (std::uint64_t second = 0; second < 260; ++second) look_at(second);
  CHECK(read_at == std::vector<std::uint64_t>{1, 3, 7, 15, 31, 63, 127, 191, 255});
  // Another program: nothing is known of it.
  table.apply({.time = monotonic_ns(), .pid = self, .tid = self, .what = ExecEvent{"next"}});
  look_at(260);
  CHECK(read_at.back() == 260);
}

TEST_CASE("what a process mapped is known though it ended before anybody looked") {
  Told told;
  told.say(kPid, ExecEvent{"short"});
  told.maps(kPid, 0x1000, 0x2000, "/usr/bin/short", "aa");
  told.maps(kPid, 0x5000, 0x6000, "/lib/libc.so", "bb");
  told.say(kPid, ExitEvent{});
  CHECK(told.file_at(kPid, 0x1800) == "/usr/bin/short aa");
  CHECK(told.file_at(kPid, 0x5000) == "/lib/libc.so bb");
  CHECK(told.sample(kPid).comm == "short");
  CHECK_FALSE(told.sample(kPid).gone);
}

TEST_CASE("a fork has its parent's mappings, an exec none of them") {
  Told told;
  told.say(kParent, ExecEvent{"sh"});
  told.maps(kParent, 0x1000, 0x2000, "/bin/sh", "aa");
  told.say(kPid, ForkEvent{kParent});
  CHECK(told.file_at(kPid, 0x1000) == "/bin/sh aa");
  told.maps(kPid, 0x3000, 0x4000, "/lib/plugin.so", "cc");
  CHECK(told.file_at(kParent, 0x3000).empty());
  told.say(kPid, ExecEvent{"ls"});
  told.maps(kPid, 0x1000, 0x2000, "/bin/ls", "bb");
  CHECK(told.file_at(kPid, 0x1000) == "/bin/ls bb");
  CHECK(told.file_at(kPid, 0x3000).empty());
  CHECK(told.file_at(kParent, 0x1000) == "/bin/sh aa");
}

TEST_CASE("what dlclose left is replaced by what dlopen puts there") {
  Told told;
  told.say(kPid, ExecEvent{"server"});
  told.maps(kPid, 0x1000, 0x3000, "/lib/old.so", "aa");
  told.maps(kPid, 0x2000, 0x4000, "/lib/new.so", "bb");
  CHECK(told.file_at(kPid, 0x1fff) == "/lib/old.so aa");
  CHECK(told.file_at(kPid, 0x2000) == "/lib/new.so bb");
}

TEST_CASE("a file replaced while it is mapped is another module; a deleted one has its plain name") {
  Told told;
  told.say(kPid, ExecEvent{"server"});
  told.maps(kPid, 0x1000, 0x2000, "/lib/a.so", "aa");
  told.maps(kPid, 0x3000, 0x4000, "/lib/a.so", "bb");
  told.maps(kPid, 0x5000, 0x6000, "/memfd:code (deleted)", "cc");
  CHECK(told.file_at(kPid, 0x1000) == "/lib/a.so aa");
  CHECK(told.file_at(kPid, 0x3000) == "/lib/a.so bb");
  CHECK(told.file_at(kPid, 0x5000) == "/memfd:code cc");
}

TEST_CASE("a number that is given away again begins anew, and the first holder's counts stay") {
  Told told;
  told.say(kParent, ExecEvent{"sh"});
  told.say(kPid, ForkEvent{kParent});
  told.say(kPid, ExecEvent{"first"});
  told.sample(kPid);
  told.say(kPid, ExitEvent{});
  told.say(kPid, ForkEvent{kParent});
  told.say(kPid, ExecEvent{"second"});
  told.sample(kPid);
  std::vector<std::string> names;
  for (const Process* process : told.table.sampled_processes()) names.push_back(process->comm);
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"first", "second"});
}

TEST_CASE("threads begin and end without their process") {
  Told told;
  told.say(kPid, ExecEvent{"threads"});
  told.maps(kPid, 0x1000, 0x2000, "/bin/threads", "aa");
  told.say(kPid, kPid + 5, ForkEvent{kPid});
  told.say(kPid, kPid + 5, CommEvent{"worker"});
  told.say(kPid, kPid + 5, ExitEvent{});
  CHECK_FALSE(told.sample(kPid).exited);
  CHECK(told.sample(kPid).comm == "threads");
  CHECK(told.file_at(kPid, 0x1000) == "/bin/threads aa");
}

TEST_CASE("a process that is gone before it was ever seen says so") {
  Told told;
  CHECK(told.sample(kPid).gone);
}

TEST_CASE("a sample after the end: threads that live on, or another process of that number") {
  auto self = static_cast<std::uint32_t>(::getpid());
  std::jthread other([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  ProcessTable table(ProcessTableLimits{.entries = 16});
  auto say = [&](std::uint64_t time, auto what) {
    table.apply({.time = time, .pid = self, .tid = self, .what = std::move(what)});
  };
  std::uint64_t now = monotonic_ns();
  say(now - 10, ExecEvent{"leader"});
  say(now, ExitEvent{});
  CHECK_FALSE(table.sampled(self, now + 10).exited);
  // Long before this process began, another of its number ended.
  say(now, ExecEvent{"old"});
  ++table.sampled(self, now).samples;
  say(1, ExitEvent{});
  Process& reborn = table.sampled(self, now + 2'000'000'000);
  CHECK(reborn.samples == 0);
  CHECK(reborn.comm != "old");
  CHECK(reborn.mappings.size() > 2);
  CHECK(table.sampled_processes().size() == 1);
}

TEST_CASE("a library that was deleted while it is mapped is found by its mapping") {
  tests::TempDir dir;
  std::filesystem::path copy = dir.path() / "copy.so";
  std::filesystem::copy_file("/usr/lib/x86_64-linux-gnu/libz.so.1", copy);
  auto fd = open_regular_file(copy.string());
  REQUIRE(fd);
  auto build_id = read_build_id(fd->get());
  REQUIRE(build_id);
  void* library = ::dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  auto reads = WatchedReads::create();
  Module module{.path = copy.string(), .build_id = *build_id};
  auto self = static_cast<std::uint32_t>(::getpid());
  CHECK(locate(*reads, module, self) == "/proc/" + std::to_string(self) + "/root" + copy.string());
  std::filesystem::remove(copy);
  std::string found = locate(*reads, module, self).value_or("fails");
  if (::geteuid() == 0) {
    CHECK(found.starts_with("/proc/" + std::to_string(self) + "/map_files/"));
    CHECK(open_regular_file(found));
  }
  module.build_id = "00";
  CHECK(locate(*reads, module, self) == "");
  ::dlclose(library);
}

}  // namespace weir::profiler
