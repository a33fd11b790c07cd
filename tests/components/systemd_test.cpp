#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "components/discovery/systemd.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unprivileged.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::HealthState;
using weir::tests::TempDir;

namespace {

namespace fs = std::filesystem;

// The control groups of a machine, and its processes, made of files.
class FakeMachine {
 public:
  void group(const std::string& path, const std::string& pids = "") {
    fs::create_directories(dir_.path() / "cgroup" / path);
    std::ofstream(dir_.path() / "cgroup" / path / "cgroup.procs") << pids;
  }
  void process(int pid, int parent, int start) {
    fs::create_directories(dir_.path() / "proc" / std::to_string(pid));
    std::ofstream(dir_.path() / "proc" / std::to_string(pid) / "stat")
        << pid << " (a) (b c) S " << parent << " 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 " << start
        << " 0 0\n";
  }
  void allow(const std::string& path, fs::perms rights) {
    fs::permissions(dir_.path(), fs::perms(0755));
    fs::permissions(dir_.path() / "cgroup" / path, rights);
  }
  // As the kernel has it: the list of its processes cannot be read, though it is there.
  void threaded(const std::string& path) {
    std::ofstream(dir_.path() / "cgroup" / path / "cgroup.type") << "threaded\n";
    fs::remove(dir_.path() / "cgroup" / path / "cgroup.procs");
    fs::create_directory(dir_.path() / "cgroup" / path / "cgroup.procs");
  }
  void remove(const std::string& path) { fs::remove_all(dir_.path() / "cgroup" / path); }
  SystemdPlaces places() const { return {.cgroups = dir_.path() / "cgroup", .proc = dir_.path() / "proc"}; }

 private:
  TempDir dir_;
};

std::string text_of(const std::vector<TargetPtr>& targets) {
  std::string text;
  for (const auto& target : targets) {
    text += std::string(target->get("__process_pid__")) + " " +
            std::string(target->get("__meta_systemd_unit")) + " " +
            std::string(target->get("__meta_systemd_slice"));
    if (auto main = target->get("__meta_systemd_main_pid"); !main.empty())
      text += " main " + std::string(main);
    if (auto user = target->get("__meta_systemd_user"); !user.empty()) text += " user " + std::string(user);
    text += "\n";
  }
  return text;
}

void make_usual(FakeMachine& machine, std::string_view below = "") {
  std::string at(below);
  machine.group(at + "init.scope", "1\n");
  machine.group(at + "system.slice");
  machine.group(at + "system.slice/nginx.service", "20\n21\n22\n");
  machine.process(21, 1, 100);
  machine.process(20, 21, 150);
  machine.process(22, 21, 160);
  // A service that makes groups of its own.
  machine.group(at + "system.slice/big.service");
  machine.group(at + "system.slice/big.service/main", "30\n");
  machine.group(at + "system.slice/big.service/workers", "31\n0\n");
  machine.process(30, 1, 200);
  machine.process(31, 30, 210);
  machine.group(at + "system.slice/empty.service", "");
  machine.group(at + "system.slice/system-getty.slice/getty@tty1.service", "40\n");
  machine.process(40, 1, 300);
  machine.group(at + "system.slice/docker-" + std::string(64, 'a') + ".scope", "50\n");
  machine.group(at + "user.slice/user-1000.slice/session-1.scope", "60\n");
  machine.group(at + "user.slice/user-1000.slice/user@1000.service/init.scope", "70\n");
  machine.group(at + "user.slice/user-1000.slice/user@1000.service/app.slice/editor.service", "71\n");
  machine.process(71, 70, 400);
  machine.group(at + "system.slice/_cgroup.service", "80\n");
  machine.process(80, 1, 500);
  machine.group(at + "plain", "90\n");  // of no unit
}

}  // namespace

TEST_CASE("discovery.systemd: units and their processes") {
  const std::string expected =
      "1 init.scope -.slice\n"
      "80 cgroup.service system.slice main 80\n"
      "30 big.service system.slice main 30\n"
      "31 big.service system.slice main 30\n"
      "50 docker-" +
      std::string(64, 'a') +
      ".scope system.slice\n"
      "20 nginx.service system.slice main 21\n"
      "21 nginx.service system.slice main 21\n"
      "22 nginx.service system.slice main 21\n"
      "40 getty@tty1.service system-getty.slice main 40\n"
      "60 session-1.scope user-1000.slice\n"
      "71 editor.service app.slice main 71 user 1000\n"
      "70 init.scope -.slice user 1000\n";
  // One tree; and the two that a machine with version 1 has.
  for (const char* below : {"", "unified/", "systemd/"}) {
    CAPTURE(below);
    FakeMachine machine;
    make_usual(machine, below);
    auto units = systemd_units(machine.places(), {"*"});
    REQUIRE(units);
    CHECK(text_of(units->targets) == expected);
    CHECK(units->units == 9);
    CHECK(units->unreadable == 0);
  }
}

TEST_CASE("discovery.systemd: the labels of a process") {
  FakeMachine machine;
  make_usual(machine);
  auto units = systemd_units(machine.places(), {"editor.service"});
  REQUIRE(units);
  REQUIRE(units->targets.size() == 1);
  CHECK(*units->targets[0] ==
        *Target::make({{"__process_pid__", "71"},
                       {"__meta_systemd_unit", "editor.service"},
                       {"__meta_systemd_unit_type", "service"},
                       {"__meta_systemd_slice", "app.slice"},
                       {"__meta_systemd_user", "1000"},
                       {"__meta_systemd_cgroup",
                        "/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service"},
                       {"__meta_systemd_main_pid", "71"}}));
}

TEST_CASE("discovery.systemd: only the units that are wanted, as they come and go") {
  FakeMachine machine;
  make_usual(machine);
  weir::testing::FakeContext world("discovery.systemd.test");
  Systemd systemd(world, *weir::testing::decode_text<Systemd::Arguments>(R"(units = ["nginx.*", "get*"])"),
                  machine.places());
  systemd.start();
  world.run();
  CHECK(world.health.message == "2 units, 4 processes");
  machine.remove("system.slice/nginx.service");
  world.advance(5s);
  CHECK(world.health.message == "1 unit, 1 process");
  machine.group("system.slice/nginx.service", "25\n");
  world.advance(5s);
  CHECK(world.health.message == "2 units, 2 processes");
  systemd.stop();
  world.close();
}

TEST_CASE("discovery.systemd: a control group that cannot be read is not empty") {
  struct Row {
    const char* path;
    const char* error;
  };
  const Row rows[] = {
      {"system.slice/big.service", "list CGROUPS/system.slice/big.service: permission denied"},
      {"system.slice/big.service/workers",
       "list CGROUPS/system.slice/big.service/workers: permission denied"},
      {"system.slice/nginx.service/cgroup.procs",
       "open CGROUPS/system.slice/nginx.service/cgroup.procs: permission denied"},
      {"system.slice", "list CGROUPS/system.slice: permission denied"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    FakeMachine machine;
    make_usual(machine);
    weir::testing::FakeContext world("discovery.systemd.test");
    Systemd systemd(world, *weir::testing::decode_text<Systemd::Arguments>("units = [\"*.service\"]"),
                    machine.places());
    systemd.start();
    world.run();
    lang::Value known = world.exports;
    CHECK(world.health.message == "5 units, 8 processes");
    machine.allow(row.path, fs::perms(0));
    {
      weir::testing::Unprivileged user;
      world.advance(5s);
    }
    CHECK(world.exports == known);
    CHECK(world.health.state == HealthState::unhealthy);
    std::string error = row.error;
    error.replace(error.find("CGROUPS"), 7, machine.places().cgroups.string());
    CHECK_MESSAGE(world.health.message.find("could not be read (" + error +
                                            "): what was known of them stays") != std::string::npos,
                  world.health.message);
    machine.allow(row.path, fs::perms(0755));
    machine.remove("system.slice/big.service");
    world.advance(5s);
    CHECK(world.health.message == "4 units, 6 processes");
    CHECK(world.health.state == HealthState::healthy);
    systemd.stop();
    world.close();
  }
}

TEST_CASE("discovery.systemd: threads of a group above are no error") {
  FakeMachine machine;
  make_usual(machine);
  machine.group("system.slice/big.service/threads");
  machine.threaded("system.slice/big.service/threads");
  auto units = systemd_units(machine.places(), {"big.service"});
  REQUIRE(units);
  CHECK(units->unreadable == 0);
  CHECK(units->targets.size() == 2);
}

TEST_CASE("discovery.systemd: a machine without systemd is told so, and looked at again") {
  FakeMachine machine;
  machine.group("plain", "1\n");
  weir::testing::FakeContext world("discovery.systemd.test");
  Systemd systemd(world, {}, machine.places());
  systemd.start();
  world.run();
  CHECK(world.health.state == HealthState::unhealthy);
  CHECK(world.health.message.starts_with("there are no control groups of systemd below " +
                                         machine.places().cgroups.string()));
  machine.group("system.slice/a.service", "7\n");
  world.advance(5s);
  CHECK(world.health.state == HealthState::healthy);
  systemd.stop();
  world.close();
}

}  // namespace weir::discovery
