#include "tests/profiler/root/world.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <thread>

#include "base/file_system.h"
#include "profiler/sampler.h"

namespace weir::profiler::test {

namespace {

LogHub& quiet_hub() {
  static LogHub hub([](std::string_view) {});
  return hub;
}

const std::string& function_of(const profile::Profile& profile, std::uint32_t frame) {
  static const std::string none;
  const auto& lines = profile.frames[frame].lines;
  return lines.empty() ? none : lines.front().function;
}

}  // namespace

Child::Child(const std::string& workload, std::vector<std::string> arguments) {
  std::string program = workload.starts_with('/') ? workload : std::string(WEIR_WORKLOADS) + "/" + workload;
  std::vector<char*> argv{program.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // Closed by the exec: until then it is a copy of this program, with this program's mappings.
  std::array<int, 2> pipe{};
  REQUIRE(pipe2(pipe.data(), O_CLOEXEC) == 0);
  pid_ = fork();
  if (pid_ == 0) {
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  close(pipe[1]);
  char none = 0;
  ssize_t nothing = read(pipe[0], &none, 1);
  CHECK(nothing == 0);
  close(pipe[0]);
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Child::wait() {
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

double Child::cpu_seconds() const {
  auto stat = read_file("/proc/" + std::to_string(pid_) + "/stat");
  REQUIRE(stat);
  unsigned long user = 0;
  unsigned long system = 0;
  // Fields 14 and 15; the name before them ends at the last parenthesis.
  int read = std::sscanf(stat->c_str() + stat->rfind(')') + 2,
                         "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  REQUIRE(read == 2);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

bool skip(const char* test) {
  if (geteuid() != 0) {
    std::printf("SKIP: %s: needs root\n", test);
    return true;
  }
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    std::printf("SKIP: %s: the kernel has no BTF\n", test);
    return true;
  }
  // A container or a seccomp profile may refuse it even to root.
  auto sampler = Sampler::open({});
  if (!sampler && sampler.error().message.find("not permitted") != std::string::npos) {
    std::printf("SKIP: %s: %s\n", test, sampler.error().message.c_str());
    return true;
  }
  return false;
}

std::unique_ptr<Session> open_session(SessionOptions options) {
  auto session = Session::open(options, Logger(quiet_hub(), "test"));
  if (!session) FAIL(session.error().message);
  return std::move(*session);
}

ProfiledTarget target_of(const Child& child, const std::string& service) {
  return {.pid = child.pid(), .container_id = "", .labels = {{"service_name", service}}};
}

void run_for(Session& session, std::chrono::milliseconds time) {
  auto end = std::chrono::steady_clock::now() + time;
  constexpr auto kStep = std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_until(std::min(end, std::chrono::steady_clock::now() + kStep));
    session.drain();
  }
}

bool run_until(Session& session, std::chrono::seconds limit, const std::function<bool()>& condition) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    run_for(session, std::chrono::milliseconds(50));
  }
  return true;
}

std::map<std::string, profile::ProfilePtr> by_service(const std::vector<profile::ProfilePtr>& profiles) {
  std::map<std::string, profile::ProfilePtr> found;
  for (const auto& profile : profiles) found[std::string(profile->labels.get("service_name"))] = profile;
  return found;
}

std::int64_t sample_count(const profile::Profile& profile) {
  std::int64_t count = 0;
  for (const auto& sample : profile.samples) count += sample.count;
  return count;
}

std::int64_t samples_with(const profile::Profile& profile, const std::string& function) {
  std::int64_t count = 0;
  for (const auto& sample : profile.samples) {
    bool there = false;
    for (std::uint32_t frame : profile.stacks[sample.stack].frames)
      there |= function_of(profile, frame) == function;
    if (there) count += sample.count;
  }
  return count;
}

std::int64_t samples_at_leaf(const profile::Profile& profile, const std::string& function) {
  std::int64_t count = 0;
  for (const auto& sample : profile.samples) {
    const auto& frames = profile.stacks[sample.stack].frames;
    if (!frames.empty() && function_of(profile, frames.front()) == function) count += sample.count;
  }
  return count;
}

double seconds_of(const profile::Profile& profile) {
  return static_cast<double>(profile.total()) / 1e9;
}

}  // namespace weir::profiler::test
