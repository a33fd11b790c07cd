#include <doctest/doctest.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/fd.h"
#include "components/discovery/process.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

using namespace std::literals;

namespace weir::discovery {

using weir::tests::TempDir;

namespace {

const std::string kId(64, 'a');

// A /proc made of files.
class FakeProc {
 public:
  struct Entry {
    std::string exe = "/usr/bin/thing";
    std::string cwd = "/";
    std::string cmdline = "thing\0--secret\0"s;
    std::string cgroup = "0::/\n";
    std::string status = "Name:\tthing\nUid:\t0\t0\t0\t0\n";
  };

  void add(int pid, const Entry& entry) {
    auto directory = dir_.path() / std::to_string(pid);
    std::filesystem::create_directory(directory);
    if (!entry.exe.empty()) std::filesystem::create_symlink(entry.exe, directory / "exe");
    std::filesystem::create_symlink(entry.cwd, directory / "cwd");
    std::ofstream(directory / "cmdline") << entry.cmdline;
    std::ofstream(directory / "cgroup") << entry.cgroup;
    std::ofstream(directory / "status") << entry.status;
    std::ofstream(directory / "stat") << "";
  }
  // As the kernel does when it gives a number away again: another directory of the same name.
  void replace(int pid, const Entry& entry) {
    constexpr int kOther = 999'999;
    add(kOther, entry);
    auto other = dir_.path() / std::to_string(kOther);
    auto directory = dir_.path() / std::to_string(pid);
    std::filesystem::rename(directory, dir_.path() / "old");
    std::filesystem::rename(other, directory);
  }
  void remove(int pid) { std::filesystem::remove_all(dir_.path() / std::to_string(pid)); }
  const std::filesystem::path& path() const { return dir_.path(); }

 private:
  TempDir dir_;
};

// What a test says happens among processes.
class FakeNews {
 public:
  FakeNews() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void say(ProcessNews news) {
    news_.add(std::move(news));
    ::eventfd_write(fd_.get(), 1);
  }
  OpenProcessNews opener() {
    return [this] { return std::make_unique<Source>(*this); };
  }
  int readings = 0;

 private:
  struct Source final : ProcessNewsSource {
    explicit Source(FakeNews& news) : news(news) {}
    int readable_fd() const override { return news.fd_.get(); }
    ProcessNews take() override {
      eventfd_t ignored = 0;
      ::eventfd_read(news.fd_.get(), &ignored);
      ++news.readings;
      return std::exchange(news.news_, {});
    }
    Result<> follow_cpus() override { return {}; }
    FakeNews& news;
  };

  Fd fd_;
  ProcessNews news_;
};

Result<std::unique_ptr<ProcessNewsSource>> no_news() {
  return fail("no events in this test");
}

constexpr std::string_view kNoNews = "; new ones are found within 2 s, because no events in this test";

class Harness {
 public:
  explicit Harness(const FakeProc& proc, std::string_view body = "", OpenProcessNews open_news = no_news)
      : process_(world, parse(body), proc.path(), std::move(open_news)) {}
  ~Harness() {
    process_.stop();
    world.close();
  }
  void start() {
    process_.start();
    world.run();
  }
  void apply(std::string_view body) {
    process_.apply(parse(body));
    world.run();
  }
  Targets targets() const {
    auto map = world.exports.as_map();
    if (!map) return {};
    return weir::lang::Codec<Targets>::from_value(*map->find("targets")).value();
  }
  std::vector<std::string> pids() const {
    std::vector<std::string> pids;
    for (const auto& target : targets()) pids.emplace_back(target->get("__process_pid__"));
    return pids;
  }

  weir::testing::FakeContext world{"discovery.process.test"};

 private:
  static Process::Arguments parse(std::string_view body) {
    auto arguments = weir::testing::decode_text<Process::Arguments>(body);
    if (!arguments) FAIL(arguments.error());
    return *arguments;
  }
  Process process_;
};

}  // namespace

TEST_CASE("discovery.process: the labels of a process") {
  struct Row {
    const char* name;
    const char* body;
    FakeProc::Entry entry;
    std::vector<Target::Label> labels;
  };
  const Row rows[] = {
      {"by default: no command line, no user",
       "",
       {},
       {{"__meta_process_exe", "/usr/bin/thing"}, {"__meta_process_cwd", "/"}}},
      {"a container",
       "",
       {.cgroup = "3:cpu:/docker/" + kId + "\n0::/x\n"},
       {{"__meta_process_exe", "/usr/bin/thing"}, {"__meta_process_cwd", "/"}, {"__container_id__", kId}}},
      {"everything",
       "discover_config {\n commandline = true\n username = true\n uid = true\n cgroup_path = true\n}",
       {.cgroup = "1:cpu:/a\n0::/b\n"},
       {{"__meta_process_exe", "/usr/bin/thing"},
        {"__meta_process_cwd", "/"},
        {"__meta_process_commandline", "thing --secret"},
        {"__meta_process_username", "root"},
        {"__meta_process_uid", "0"},
        {"__meta_process_cgroup_path", "1:cpu:/a|0::/b"}}},
      {"names that are no text",
       "",
       {.exe = "/tmp/a\xff", .cwd = "/\xc3("},
       {{"__meta_process_exe", "/tmp/a\xef\xbf\xbd"}, {"__meta_process_cwd", "/\xef\xbf\xbd("}}},
      {"nothing", "discover_config {\n exe = false\n cwd = false\n container_id = false\n}", {.exe = ""}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeProc proc;
    proc.add(7, row.entry);
    Harness process(proc, row.body);
    process.start();
    auto expected = row.labels;
    expected.emplace_back("__process_pid__", "7");
    REQUIRE(process.targets().size() == 1);
    CHECK(*process.targets()[0] == *Target::make(expected));
    CHECK(process.world.health.message == "1 process" + std::string(kNoNews));
  }
}

TEST_CASE("discovery.process: a number that was given away again is another process, within 2 s") {
  FakeProc proc;
  proc.add(7, {.exe = "/usr/bin/first"});
  Harness process(proc);
  process.start();
  process.world.advance(4s);
  proc.replace(7, {.exe = "/usr/bin/second"});
  process.world.advance(2s);
  REQUIRE(process.targets().size() == 1);
  CHECK(process.targets()[0]->get("__meta_process_exe") == "/usr/bin/second");
}

TEST_CASE("discovery.process: of a huge command line the beginning is kept") {
  FakeProc proc;
  proc.add(7, {.cmdline = "thing\0"s + std::string(3u << 20, 'x')});
  Harness process(proc, "discover_config {\n commandline = true\n}");
  process.start();
  REQUIRE(process.targets().size() == 1);
  auto text = process.targets()[0]->get("__meta_process_commandline");
  CHECK(text.starts_with("thing xxx"));
  CHECK(text.size() == 64u << 10);
}

TEST_CASE("discovery.process: the first answer comes at once, in order of pids, without kernel threads") {
  FakeProc proc;
  proc.add(10, {});
  proc.add(9, {});
  proc.add(2, {.exe = ""});
  Harness process(proc);
  process.start();
  CHECK(process.pids() == std::vector<std::string>{"9", "10"});
  CHECK(process.world.health.state == weir::runtime::HealthState::healthy);
  CHECK(process.world.health.message ==
        "2 processes; 1 process left out: kernel threads, or gone meanwhile" + std::string(kNoNews));
}

TEST_CASE("discovery.process: new processes show in 2 s, exec and all; gone ones go") {
  FakeProc proc;
  proc.add(1, {});
  Harness process(proc);
  process.start();
  proc.add(5, {.exe = "/bin/sh"});
  process.world.advance(2s);
  CHECK(process.pids() == std::vector<std::string>{"1", "5"});
  // It was between fork and exec.
  proc.remove(5);
  proc.add(5, {.exe = "/usr/bin/new"});
  process.world.advance(2s);
  REQUIRE(process.targets().size() == 2);
  CHECK(process.targets()[1]->get("__meta_process_exe") == "/usr/bin/new");
  proc.remove(1);
  process.world.advance(2s);
  CHECK(process.pids() == std::vector<std::string>{"5"});
}

TEST_CASE("discovery.process: news are looked into at once, and less often when they come all the time") {
  FakeProc proc;
  proc.add(1, {});
  FakeNews news;
  Harness process(proc, "", news.opener());
  process.start();
  CHECK(process.world.health.message == "1 process");
  process.world.advance(10s);

  proc.add(5, {.exe = "/usr/bin/first"});
  news.say({.programs = {5}, .began = true});
  process.world.run();
  CHECK(process.pids() == std::vector<std::string>{"1", "5"});
  process.world.advance(10s);
  proc.replace(5, {.exe = "/usr/bin/second"});
  news.say({.programs = {5}});
  process.world.run();
  CHECK(process.targets()[1]->get("__meta_process_exe") == "/usr/bin/second");

  process.world.advance(10s);
  std::size_t before = process.world.published.size();
  for (int i = 0; i < 500; ++i) {
    proc.add(100 + i, {});
    news.say({.programs = {static_cast<std::uint32_t>(100 + i)}});
    process.world.advance(20ms);
  }
  // A look takes no time here: 50 ms between two.
  std::size_t looks = process.world.published.size() - before;
  CHECK(looks >= 150);
  CHECK(looks <= 201);
  process.world.advance(1s);
  CHECK(process.pids().size() == 502);
}

TEST_CASE("discovery.process: a fork waits for its exec, an end for the last samples") {
  FakeProc proc;
  proc.add(1, {});
  FakeNews news;
  Harness process(proc, "", news.opener());
  process.start();
  proc.add(5, {});
  news.say({.began = true});
  process.world.advance(90ms);
  CHECK(process.pids().size() == 1);
  process.world.advance(10ms);
  CHECK(process.pids().size() == 2);
  process.world.advance(10s);
  proc.remove(5);
  news.say({.ended = true});
  process.world.advance(900ms);
  CHECK(process.pids().size() == 2);
  process.world.advance(100ms);
  CHECK(process.pids().size() == 1);
}

TEST_CASE("discovery.process: after lost news everything is read again") {
  FakeProc proc;
  proc.add(1, {.exe = "/usr/bin/first"});
  FakeNews news;
  Harness process(proc, "", news.opener());
  process.start();
  std::filesystem::remove(proc.path() / "1" / "exe");
  std::filesystem::create_symlink("/usr/bin/second", proc.path() / "1" / "exe");
  news.say({.lost = true});
  process.world.advance(1s);
  CHECK(process.targets()[0]->get("__meta_process_exe") == "/usr/bin/second");
}

TEST_CASE("discovery.process: what no process did wakes it seldom") {
  FakeProc proc;
  proc.add(1, {});
  FakeNews news;
  Harness process(proc, "", news.opener());
  process.start();
  for (int i = 0; i < 1000; ++i) {
    news.say({});  // of threads
    process.world.advance(1ms);
  }
  CHECK(news.readings <= 50);
  CHECK(process.world.published.size() == 1);
}

TEST_CASE("discovery.process: an unchanged machine publishes nothing again") {
  FakeProc proc;
  proc.add(1, {});
  Harness process(proc, R"(refresh_interval = "10s")");
  process.start();
  process.world.advance(1min);
  CHECK(process.world.published.size() == 1);
}

TEST_CASE("discovery.process: joins the labels of containers") {
  FakeProc proc;
  proc.add(1, {});
  proc.add(2, {.cgroup = "0::/docker/" + kId + "\n"});
  std::string join =
      R"(join = [{"x" = "no id"}, {"__meta_docker_container_id" = ")" + kId + R"(", "app" = "shop"}])";
  Harness process(proc, join);
  process.start();
  Targets list = process.targets();
  REQUIRE(list.size() == 4);
  CHECK(list[0]->get("x") == "no id");
  CHECK(list[1]->get("__process_pid__") == "1");
  CHECK(list[2]->get("app") == "shop");
  CHECK(list[2]->get("__process_pid__") == "2");
  CHECK(list[3]->get("__process_pid__") == "");
  process.apply("");
  CHECK(process.targets().size() == 2);
}

TEST_CASE("discovery.process: a change of what to read is live at once") {
  FakeProc proc;
  proc.add(1, {});
  Harness process(proc);
  process.start();
  process.apply("discover_config { cwd = false }");
  CHECK(process.targets()[0]->get("__meta_process_cwd") == "");
}

TEST_CASE("discovery.process: without /proc it says so and tries again") {
  auto proc = std::make_unique<FakeProc>();
  proc->add(1, {});
  Harness process(*proc);
  auto path = proc->path();
  proc.reset();
  process.start();
  CHECK(process.world.health.state == weir::runtime::HealthState::unhealthy);
  CHECK(process.world.health.message.find("no such file") != std::string::npos);
  CHECK(process.world.pending_timers() == 1);
}

TEST_CASE("discovery.process: the kernel tells of a real exec") {
  auto refused = open_process_news();
  if (!refused) {
    std::printf("SKIP: the kernel tells of a real exec: %s\n", refused.error().message.c_str());
    return;
  }
  refused->reset();
  weir::testing::ComponentHarness<Process> process("");
  process.start();
  process.world().advance(10s);
  pid_t child = 0;
  std::array<const char*, 3> arguments = {"sleep", "60", nullptr};
  REQUIRE(::posix_spawnp(&child, "sleep", nullptr, nullptr, const_cast<char**>(arguments.data()), environ) ==
          0);
  auto exe_of_child = [&] {
    auto found = weir::lang::Codec<Targets>::from_value(*process.world().exports.as_map()->find("targets"));
    for (const auto& target : *found) {
      if (target->get("__process_pid__") == std::to_string(child))
        return std::string(target->get("__meta_process_exe"));
    }
    return ""s;
  };
  // The component's clock moves by 100 ms only, however long this machine takes.
  int waits = 0;
  for (; exe_of_child().find("sleep") == std::string::npos && waits < 20; ++waits) {
    for (int i = 0; i < 50; ++i) {
      process.world().run();
      ::usleep(200);
    }
    process.world().advance(5ms);
  }
  CHECK(exe_of_child().find("sleep") != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (int i = 0; !exe_of_child().empty() && i < 50; ++i) process.world().advance(100ms);
  CHECK(exe_of_child().empty());
}

TEST_CASE("discovery.process: this very process is found in the real /proc") {
  weir::testing::ComponentHarness<Process> process("");
  process.start();
  auto targets = process.world().exports.as_map()->find("targets");
  auto found = weir::lang::Codec<Targets>::from_value(*targets).value();
  bool here = false;
  for (const auto& target : found)
    here = here || target->get("__process_pid__") == std::to_string(::getpid());
  CHECK(here);
}

}  // namespace weir::discovery
