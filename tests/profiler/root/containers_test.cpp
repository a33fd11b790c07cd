// Containers are told apart by the cgroup that the kernel's program puts into each sample: real directories
// of every form, and real runtimes where they are installed.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "profiler/process/cgroups.h"
#include "profiler/process/container_id.h"
#include "tests/profiler/root/world.h"
#include "tests/support/temp_dir.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// 64 digits that begin with `number`.
std::string id_of(int number) {
  std::string digits = std::to_string(number);
  return digits + std::string(64 - digits.size(), 'c');
}

// A directory of the hierarchy that our program reads, with those above it; removed at the end of the scope.
class Group {
 public:
  explicit Group(const std::string& path) : top_(machine_hierarchy().mount) {
    fs::path at = top_;
    for (const fs::path& part : fs::path(path).relative_path()) {
      at /= part;
      std::error_code error;
      if (fs::create_directory(at, error)) made_.push_back(at);
      if (error) FAIL(at.string() << ": " << error.message());
    }
    path_ = at;
  }
  ~Group() {
    for (auto at = made_.rbegin(); at != made_.rend(); ++at) ::rmdir(at->c_str());
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  std::string members() const { return path_ / "cgroup.procs"; }
  void add(std::uint32_t pid) const {
    std::ofstream file(members());
    file << pid << std::flush;
    REQUIRE(file.good());
  }

 private:
  fs::path top_;
  fs::path path_;
  std::vector<fs::path> made_;
};

ProfiledTarget container_target(const std::string& id, const std::string& service) {
  return {.pid = 0, .container_id = id, .labels = {{"service_name", service}}};
}

bool has_samples(const Session& session, std::uint32_t pid, const std::string& id) {
  for (const auto& process : session.processes()) {
    if (process.pid == pid && process.container_id == id && process.samples > 0) return true;
  }
  return false;
}

// A container that burns CPU, of a real runtime.
class RealContainer {
 public:
  explicit RealContainer(const std::string& runtime) : command_(script_command(runtime)) {
    std::unique_ptr<FILE, int (*)(FILE*)> out(::popen((command_("start") + " 2>&1").c_str(), "r"), &::pclose);
    REQUIRE(out);
    std::array<char, 512> line;
    while (std::fgets(line.data(), line.size(), out.get()) != nullptr) said_ = line.data();
    status_ = WEXITSTATUS(::pclose(out.release()));
    auto blank = said_.find(' ');
    if (status_ != 0 || blank == std::string::npos) return;
    id = said_.substr(0, blank);
    pid = static_cast<std::uint32_t>(std::atoi(said_.c_str() + blank));
  }
  ~RealContainer() { (void)std::system((command_("stop") + " >/dev/null 2>&1").c_str()); }
  RealContainer(const RealContainer&) = delete;
  RealContainer& operator=(const RealContainer&) = delete;

  bool cannot_be_used() const { return status_ == 77; }
  const std::string& said() const { return said_; }

  std::string id;
  std::uint32_t pid = 0;

 private:
  std::function<std::string(const char*)> script_command(const std::string& runtime) {
    return [this, runtime](const char* what) {
      return std::string(WEIR_CONTAINER_SCRIPT) + " " + what + " " + runtime + " " + dir_.path().string();
    };
  }

  tests::TempDir dir_;
  std::function<std::string(const char*)> command_;
  std::string said_;
  int status_ = 0;
};

}  // namespace

TEST_CASE("containers of every form of cgroup are told apart") {
  if (skip("containers of every form of cgroup are told apart")) return;
  if (machine_hierarchy().mount.empty()) {
    std::printf("SKIP: containers of every form of cgroup are told apart: no cgroup hierarchy is mounted\n");
    return;
  }
  struct Row {
    const char* name;
    std::string path;  // the id takes the place of ID
  };
  const Row rows[] = {
      {"docker-cgroupfs", "/weir-test/docker/ID"},
      {"docker-systemd", "/weir-test.slice/docker-ID.scope"},
      {"docker-init", "/weir-test.slice/docker-ID.scope/init"},
      {"kubepods-cgroupfs", "/weir-test/kubepods/burstable/pod0a1b-2c3d/ID"},
      {"kubepods-cgroupfs-init", "/weir-test/kubepods/besteffort/pod0a1b-2c3d/ID/init"},
      {"containerd-systemd",
       "/weir-test.slice/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b.slice/"
       "cri-containerd-ID.scope"},
      {"containerd-prefix", "/weir-test.slice/containerd.service/kubepods-pod1.slice:cri-containerd:ID"},
      {"cri-o", "/weir-test.slice/kubepods.slice/kubepods-pod0a1b.slice/crio-ID.scope"},
      {"cri-o-container", "/weir-test.slice/kubepods.slice/crio-ID.scope/container"},
      {"podman-systemd", "/weir-test.slice/machine.slice/libpod-ID.scope/container"},
      {"podman-cgroupfs", "/weir-test/libpod_parent/libpod-ID"},
  };
  const std::string task = "0123456789abcdef0123456789abcdef-42";
  auto session = open_session({.sample_rate = 997, .collect_kernel = false});
  std::vector<ProfiledTarget> targets{container_target(task, "ecs")};
  for (int i = 0; const Row& row : rows) targets.push_back(container_target(id_of(++i), row.name));
  session->set_targets(targets);

  auto check = [&](const std::string& name, const std::string& path, const std::string& id) {
    CAPTURE(name);
    CAPTURE(path);
    Group group(path);
    Child child("shares");
    group.add(child.pid());
    CHECK(run_until(*session, 10s, [&] { return has_samples(*session, child.pid(), id); }));
  };
  for (int i = 0; const Row& row : rows) {
    std::string id = id_of(++i);
    std::string path = row.path;
    check(row.name, path.replace(path.find("ID"), 2, id), id);
  }
  check("ecs", "/weir-test/ecs/0123456789abcdef0123456789abcdef/" + task, task);
  auto profiles = by_service(session->collect(std::chrono::system_clock::now()));
  for (const auto& target : targets) {
    std::string service(target.labels.get("service_name"));
    CAPTURE(service);
    CHECK(profiles.contains(service));
  }
  CHECK(profiles.size() == targets.size());
}

TEST_CASE("a container's processes that live some milliseconds have their target and their files") {
  constexpr const char* kTest =
      "a container's processes that live some milliseconds have their target and their files";
  if (skip(kTest)) return;
  std::string id = id_of(8);
  Group group("/weir-test/docker/" + id);
  auto session = open_session({.sample_rate = 1999, .collect_kernel = false});
  session->set_targets({container_target(id, "short")});
  // A shell, and what it starts; drained while they come and go.
  Child shell("/bin/sh", {"-c", "echo $$ >" + group.members() +
                                    "; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do " +
                                    std::string(WEIR_WORKLOADS) + "/shares 0.008; done; exec sleep 30"});
  auto ended = [&] {
    std::size_t count = 0;
    for (const auto& process : session->processes()) count += process.exited && process.comm == "shares";
    return count;
  };
  CHECK(run_until(*session, 20s, [&] { return ended() >= 15; }));
  auto profiles = by_service(session->collect(std::chrono::system_clock::now()));
  REQUIRE(profiles.contains("short"));
  const auto& profile = *profiles.at("short");
  CHECK(samples_with(profile, "burn_seventy") + samples_with(profile, "burn_twenty") > 0);
  // Every frame has its file, though no process is left to ask.
  std::int64_t without_file = 0;
  for (const auto& frame : profile.frames) without_file += frame.no_name == profile::NoName::process_gone;
  CHECK(without_file == 0);
}

TEST_CASE("containers of real runtimes") {
  if (skip("containers of real runtimes")) return;
  for (const std::string runtime : {"docker", "containerd", "podman"}) {
    CAPTURE(runtime);
    RealContainer container(runtime);
    if (container.cannot_be_used()) {
      std::printf("SKIP: containers of real runtimes (%s): %s", runtime.c_str(), container.said().c_str());
      continue;
    }
    REQUIRE_MESSAGE(container.id.size() == 64, container.said());
    auto session = open_session({.sample_rate = 997});
    session->set_targets({container_target(container.id, runtime)});
    CHECK(run_until(*session, 10s, [&] { return has_samples(*session, container.pid, container.id); }));
    CHECK(by_service(session->collect(std::chrono::system_clock::now())).contains(runtime));
  }
}

}  // namespace weir::profiler::test
