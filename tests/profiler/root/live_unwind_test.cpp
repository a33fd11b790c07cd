// Sessions that follow unwind tables: whole stacks of what runs already, of what begins, and of what ends.
#include <bpf/bpf.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <semaphore>
#include <thread>

#include "base/fd.h"
#include "tests/profiler/root/world.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::string workload(const std::string& name) {
  return std::string(WEIR_WORKLOADS) + "/" + name;
}

// Drains as pyroscope.ebpf does: when the session wants it, and when something is urgent.
class Driver {
 public:
  explicit Driver(Session& session) : session_(session) {
    session.on_urgent([this] { urgent_.release(); });
  }
  ~Driver() { session_.on_urgent(nullptr); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  bool run_until(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
    auto end = steady_clock::now() + limit;
    while (steady_clock::now() < end) {
      (void)urgent_.try_acquire_until(std::min(end, steady_clock::now() + session_.next_drain()));
      session_.drain();
      if (condition()) return true;
    }
    return false;
  }
  // How long until `condition` holds, ms. What calls for a drain gets it, and nothing else; then, or at once,
  // looks every few milliseconds, for whole stacks do not call.
  double time_until(const std::function<bool()>& condition, bool& called, steady_clock::time_point start) {
    called = called || urgent_.try_acquire_for(2s);
    while (!condition() && steady_clock::now() - start < 10s) {
      session_.drain();
      (void)urgent_.try_acquire_for(2ms);
    }
    return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
  }
  void run_for(std::chrono::milliseconds time) {
    run_until(time, [] { return false; });
  }

 private:
  Session& session_;
  std::counting_semaphore<> urgent_{0};
};

std::vector<profile::ProfilePtr> collect(Session& session) {
  return session.collect(std::chrono::system_clock::now());
}

// Runs a program once it is told to.
class Starter {
 public:
  explicit Starter(std::vector<std::string> command) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    Fd wait(ends[0]);
    go_.reset(ends[1]);
    std::vector<char*> argv;
    for (std::string& argument : command) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte = 0;
    if (read(wait.get(), &byte, 1) == 1) execv(argv[0], argv.data());
    _exit(127);
  }
  ~Starter() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  void go() const { REQUIRE(write(go_.get(), "g", 1) == 1); }

 private:
  Fd go_;
  pid_t pid_ = 0;
};

ProfiledTarget target(std::uint32_t pid, const std::string& service) {
  return {.pid = pid, .container_id = "", .labels = {{"service_name", service}}};
}

bool has_complete(const Session& session, std::uint32_t pid) {
  return std::ranges::any_of(session.processes(), [&](const ProcessInfo& process) {
    return process.pid == pid && !process.exited && process.complete_samples > 0;
  });
}

std::uint64_t samples_of(const Session& session, std::uint32_t pid) {
  auto processes = session.processes();
  auto process = std::ranges::find(processes, pid, &ProcessInfo::pid);
  return process == processes.end() ? 0 : process->samples;
}

std::int64_t complete_count(const profile::Profile& profile) {
  std::int64_t count = 0;
  for (const auto& sample : profile.samples) {
    if (profile.stacks[sample.stack].complete) count += sample.count;
  }
  return count;
}

void print_ends(const Session& session) {
  for (const ModuleUnwinding& module : session.unwind_quality()) {
    for (const UnwindEnd& end : module.ended) {
      std::printf("  %s: %llu stacks ended: %s %s\n", module.file.c_str(),
                  static_cast<unsigned long long>(end.stacks), end.reason.c_str(), module.error.c_str());
    }
  }
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

TEST_CASE("stacks reach the thread's start, without frame pointers") {
  if (skip("stacks reach the thread's start, without frame pointers")) return;
  struct Row {
    const char* name;
    std::vector<std::string> command;
    double complete;
    const char* function;  // that must be seen; "" where names are not ours
  };
  const std::string loop = "def f(n):\n  return n if n < 2 else f(n-1)+f(n-2)\nwhile True: f(18)";
  for (const Row& row :
       {Row{"shares_no_frame_pointers", {workload("shares_no_frame_pointers")}, 0.999, "main"},
        Row{"callbacks", {workload("callbacks")}, 0.999, "compare_elements"},
        Row{"python3", {"/usr/bin/python3", "-c", loop}, 0.995, ""}}) {
    CAPTURE(std::string(row.name));
    if (access(row.command[0].c_str(), X_OK) != 0) {
      std::printf("SKIP: stacks reach the thread's start: %s is missing\n", row.command[0].c_str());
      continue;
    }
    Starter child(row.command);
    child.go();
    auto session = open_session({.sample_rate = 997});
    Driver driver(*session);
    session->set_targets({target(child.pid(), row.name)});
    REQUIRE(driver.run_until(10s, [&] { return has_complete(*session, child.pid()); }));
    driver.run_for(300ms);
    collect(*session);
    std::uint64_t before = samples_of(*session, child.pid());
    REQUIRE(driver.run_until(60s, [&] { return samples_of(*session, child.pid()) > before + 1000; }));
    auto profiles = by_service(collect(*session));
    REQUIRE(profiles.contains(row.name));
    const auto& profile = *profiles.at(row.name);
    auto all = static_cast<double>(sample_count(profile));
    auto complete = static_cast<double>(complete_count(profile));
    std::printf("FIGURE: %s: %.0f of %.0f stacks complete, %.3f %%\n", row.name, complete, all,
                100 * complete / all);
    CHECK(all > 500);
    CHECK(complete >= row.complete * all);
    if (complete < all) print_ends(*session);
    if (row.function[0] != '\0') CHECK(samples_with(profile, row.function) > 0);
  }
}

TEST_CASE("the ring does not fill between two drains, however deep the stacks") {
  if (skip("the ring does not fill between two drains, however deep the stacks")) return;
  std::vector<std::unique_ptr<Starter>> children;
  std::vector<ProfiledTarget> targets;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    children.push_back(
        std::make_unique<Starter>(std::vector<std::string>{workload("deep_no_frame_pointers"), "600"}));
    children.back()->go();
    targets.push_back(target(children.back()->pid(), "deep"));
  }
  for (std::uint32_t rate : {19u, 97u, 997u}) {
    CAPTURE(rate);
    auto session = open_session({.sample_rate = rate});
    Driver driver(*session);
    session->set_targets(targets);
    CHECK(session->next_drain() <= 1s);
    driver.run_for(2s);
    CHECK_FALSE(collect(*session).empty());
    for (const auto& loss : session->report()->stats().losses) {
      if (loss.reason == "ring_full") CHECK(loss.count == 0);
    }
  }
}

TEST_CASE("many mappings at once do not wait for the next drain") {
  if (skip("many mappings at once do not wait for the next drain")) return;
  constexpr int kMappings = 400;  // of 64 KB some 50
  auto session = open_session({.sample_rate = 19});
  std::counting_semaphore<> urgent{0};
  session->on_urgent([&] { urgent.release(); });
  session->drain();
  while (urgent.try_acquire_for(20ms)) session->drain();
  Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  REQUIRE(file);
  cpu_set_t one_cpu;
  CPU_ZERO(&one_cpu);
  CPU_SET(sched_getcpu(), &one_cpu);
  std::thread mapper([&] {
    sched_setaffinity(0, sizeof one_cpu, &one_cpu);
    for (int i = 0; i < kMappings; ++i) {
      void* at = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
      if (at != MAP_FAILED) munmap(at, 4096);
    }
  });
  mapper.join();
  CHECK(urgent.try_acquire_for(10s));
  session->on_urgent(nullptr);
}

TEST_CASE("a new target, and a new program, have whole stacks at once") {
  if (skip("a new target, and a new program, have whole stacks at once")) return;
  const std::vector<std::string> command{workload("deep_no_frame_pointers"), "20"};
  Starter warm(command);
  warm.go();
  auto session = open_session({.sample_rate = 97});
  Driver driver(*session);
  session->set_targets({target(warm.pid(), "warm")});
  REQUIRE(driver.run_until(10s, [&] { return has_complete(*session, warm.pid()); }));
  std::vector<double> of_target;
  std::vector<double> of_exec;
  for (int i = 0; i < 7; ++i) {
    Starter child(command);
    child.go();
    std::this_thread::sleep_for(50ms);  // it burns by then: what is measured is the profiler
    bool called = true;
    auto start = steady_clock::now();
    session->set_targets({target(warm.pid(), "warm"), target(child.pid(), "running")});
    of_target.push_back(
        driver.time_until([&] { return has_complete(*session, child.pid()); }, called, start));
    Starter next(command);
    session->set_targets({target(warm.pid(), "warm"), target(next.pid(), "started")});
    driver.run_for(50ms);
    start = steady_clock::now();
    next.go();
    called = false;
    of_exec.push_back(driver.time_until([&] { return has_complete(*session, next.pid()); }, called, start));
    CHECK(called);
  }
  std::printf("FIGURE: first whole stack after a new target %.0f ms, after an exec %.0f ms (medians of 7)\n",
              median(of_target), median(of_exec));
  // Both are some 100 ms at most on a quiet machine: the figure is for the reader. A busy one may take
  // longer, but not this long.
  CHECK(median(of_target) <= 2000);
  CHECK(median(of_exec) <= 2000);
}

TEST_CASE("a program whose file is gone is unwound all the same") {
  if (skip("a program whose file is gone is unwound all the same")) return;
  std::string copy = std::filesystem::temp_directory_path() / ("weir-deleted-" + std::to_string(getpid()));
  std::filesystem::copy_file(workload("deep_no_frame_pointers"), copy);
  Starter child({copy, "20"});
  child.go();
  std::this_thread::sleep_for(100ms);
  std::filesystem::remove(copy);
  auto session = open_session({.sample_rate = 997});
  Driver driver(*session);
  session->set_targets({target(child.pid(), "deleted")});
  CHECK(driver.run_until(20s, [&] { return has_complete(*session, child.pid()); }));
  print_ends(*session);
}

TEST_CASE("libraries that come and go in a running program are unwound") {
  if (skip("libraries that come and go in a running program are unwound")) return;
  const std::string script =
      "import ctypes, _ctypes\n"
      "data = b'x' * (32 << 20)\n"
      "while True:\n"
      "  for name, call in (('libz.so.1', 'crc32'), ('liblzma.so.5', 'lzma_crc64')):\n"
      "    library = ctypes.CDLL(name)\n"
      "    f = library[call]\n"
      "    f.argtypes = [ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong] if call == 'crc32' else\\\n"
      "      [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_ulong]\n"
      "    for _ in range(4):\n"
      "      f(0, data, len(data)) if call == 'crc32' else f(data, len(data), 0)\n"
      "    _ctypes.dlclose(library._handle)\n";
  if (access("/usr/bin/python3", X_OK) != 0) {
    std::printf("SKIP: libraries that come and go: /usr/bin/python3 is missing\n");
    return;
  }
  Starter child({"/usr/bin/python3", "-c", script});
  child.go();
  auto session = open_session({.sample_rate = 997});
  Driver driver(*session);
  session->set_targets({target(child.pid(), "libraries")});
  driver.run_for(2s);
  collect(*session);
  driver.run_for(3s);
  auto profiles = by_service(collect(*session));
  REQUIRE(profiles.contains("libraries"));
  const auto& profile = *profiles.at("libraries");
  auto in_file = [&](std::string_view name) {
    return std::ranges::any_of(profile.mappings,
                               [&](const auto& mapping) { return mapping.file.contains(name); });
  };
  CHECK(in_file("libz.so"));
  CHECK(in_file("liblzma.so"));
  auto all = static_cast<double>(sample_count(profile));
  std::printf("FIGURE: libraries that come and go: %.2f %% of %.0f stacks complete\n",
              100 * static_cast<double>(complete_count(profile)) / all, all);
  print_ends(*session);
  // Each time one is mapped, its first samples come before anybody knows.
  CHECK(static_cast<double>(complete_count(profile)) >= 0.8 * all);
}

TEST_CASE("every call of the kernel's program is accounted for, whatever happens") {
  if (skip("every call of the kernel's program is accounted for, whatever happens")) return;
  Fd counting(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!counting) {
    std::printf("SKIP: every call of the kernel's program is accounted for: the kernel keeps no count\n");
    return;
  }
  SessionOptions options{.sample_rate = 997, .default_target = profile::Labels{{"service_name", "all"}}};
  auto session = open_session(options);
  Driver driver(*session);
  Starter child({workload("shares_no_frame_pointers")});
  child.go();
  session->set_targets({target(child.pid(), "child")});
  // Many short processes: most end before anybody has looked at them.
  Starter storm({"/bin/sh", "-c", "while :; do /bin/true; (: & wait); done"});
  storm.go();
  driver.run_for(1500ms);
  auto before = collect(*session);
  options.limits.kernel_pid_entries = 1000;
  REQUIRE(session->set_options(options));
  driver.run_for(1500ms);
  auto after = session->finish(std::chrono::system_clock::now());
  auto stats = session->report()->stats();
  std::uint64_t lost = 0;
  for (const auto& loss : stats.losses) lost += loss.count;
  std::int64_t handed_over = 0;
  for (const auto* profiles : {&before, &after}) {
    for (const auto& profile : *profiles) handed_over += sample_count(*profile);
  }
  std::printf("FIGURE: %llu calls: %llu delivered, %llu lost by name, %llu unselected, %llu idle\n",
              static_cast<unsigned long long>(stats.runs), static_cast<unsigned long long>(stats.attributed),
              static_cast<unsigned long long>(lost), static_cast<unsigned long long>(stats.unselected),
              static_cast<unsigned long long>(stats.idle));
  CHECK(stats.runs > 0);
  CHECK(stats.runs == stats.attributed + lost + stats.unselected + stats.idle);
  CHECK(stats.attributed == static_cast<std::uint64_t>(handed_over));
  for (const auto& end : stats.incomplete)
    std::printf("  incomplete: %s %llu\n", end.reason.c_str(), static_cast<unsigned long long>(end.count));
}

}  // namespace weir::profiler::test
