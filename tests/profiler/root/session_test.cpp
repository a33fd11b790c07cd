#include "profiler/session.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "profiler/process/cgroups.h"
#include "tests/profiler/root/world.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;

// Sanitizers slow weir down, not the kernel: a short look will do there.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr auto kLongWindow = std::chrono::seconds(5);
#else
constexpr auto kLongWindow = std::chrono::seconds(60);
#endif
#endif

std::vector<profile::ProfilePtr> collect(Session& session) {
  return session.collect(std::chrono::system_clock::now());
}

// How far a count of n random ticks may be off: four standard deviations.
double four_sigma(double n) {
  return 4 * std::sqrt(std::max(n, 1.0));
}

// A cgroup as a container runtime makes it, removed at the end of the scope.
class ContainerGroup {
 public:
  explicit ContainerGroup(const std::string& id) : parent_(machine_hierarchy().mount + "/weir-test") {
    mkdir(parent_.c_str(), 0755);
    path_ = parent_ + "/" + id;
    REQUIRE_MESSAGE((mkdir(path_.c_str(), 0755) == 0 || errno == EEXIST), path_);
  }
  ~ContainerGroup() {
    rmdir(path_.c_str());
    rmdir(parent_.c_str());
  }
  void add(std::uint32_t pid) const {
    std::ofstream file(path_ + "/cgroup.procs");
    file << pid << std::flush;
    REQUIRE(file.good());
  }

 private:
  std::string parent_;
  std::string path_;
};

struct Burner {
  const char* service;
  Child child;
  // CPU seconds around the collection that begins the window, and around the one that ends it: where in it
  // the line is drawn nobody knows, and on a busy machine it takes its time.
  double before[2] = {};
  double after[2] = {};

  double least() const { return after[0] - before[1]; }
  double most() const { return after[1] - before[0]; }
};

double away_from(double value, double least, double most) {
  return std::max({0.0, least - value, value - most});
}

}  // namespace

TEST_CASE("shares and CPU time are right") {
  if (skip("shares and CPU time are right")) return;
  constexpr std::uint32_t kRate = 97;
  Burner burners[] = {{"shares", Child("shares")},
                      {"shares-2", Child("shares")},
                      {"no-frame-pointers", Child("shares_no_frame_pointers")},
                      {"reader", Child("reader")}};
  auto session = open_session({.sample_rate = kRate});
  std::vector<ProfiledTarget> targets;
  for (const Burner& burner : burners) targets.push_back(target_of(burner.child, burner.service));
  session->set_targets(targets);
  for (Burner& burner : burners) burner.before[0] = burner.child.cpu_seconds();
  collect(*session);
  for (Burner& burner : burners) burner.before[1] = burner.child.cpu_seconds();
  run_for(*session, kLongWindow);
  for (Burner& burner : burners) burner.after[0] = burner.child.cpu_seconds();
  auto profiles = by_service(collect(*session));
  for (Burner& burner : burners) burner.after[1] = burner.child.cpu_seconds();

  // The clock ticks of utime and stime are 10 ms; both ends of the window may be off by one of each.
  constexpr double kTicks = 4 * 0.01;
  double profiled = 0;
  double least = 0;
  double most = 0;
  for (const Burner& burner : burners) {
    CAPTURE(std::string(burner.service));
    REQUIRE(profiles.contains(burner.service));
    double seconds = seconds_of(*profiles.at(burner.service));
    CHECK(away_from(seconds, burner.least(), burner.most()) <=
          four_sigma(burner.most() * kRate) / kRate + kTicks);
    profiled += seconds;
    least += burner.least();
    most += burner.most();
  }
  CHECK(away_from(profiled, least, most) <= std::max(0.02 * most, four_sigma(most * kRate) / kRate));
  std::printf("FIGURE: profiled %.2f s of %.2f to %.2f s CPU time\n", profiled, least, most);

  const std::pair<const char*, double> shares[] = {
      {"burn_ten", 0.1}, {"burn_twenty", 0.2}, {"burn_seventy", 0.7}};
  for (const char* service : {"shares", "shares-2", "no-frame-pointers"}) {
    const auto& profile = *profiles.at(service);
    double n = 0;
    for (const auto& [function, share] : shares) n += static_cast<double>(samples_with(profile, function));
    CHECK(n > 0.95 * static_cast<double>(sample_count(profile)));
    for (const auto& [function, share] : shares) {
      CAPTURE(std::string(function));
      double seen = static_cast<double>(samples_with(profile, function)) / n;
      CHECK(std::abs(seen - share) <= 4 * std::sqrt(share * (1 - share) / n));
    }
  }
}

TEST_CASE("stacks are whole, and have their exact depth") {
  if (skip("stacks are whole, and have their exact depth")) return;
  struct Row {
    const char* depth;
    std::size_t frames;  // bottom(), descend()s, main(), two of the C library's, _start
    bool truncated;
  };
  for (const Row& row : {Row{"20", 25, false}, Row{"507", 512, false}, Row{"600", 512, true}}) {
    CAPTURE(row.frames);
    Child child("deep", {row.depth});
    auto session = open_session({.sample_rate = 997, .collect_kernel = false});
    session->set_targets({target_of(child, "deep")});
    // Until its tables are there.
    run_for(*session, 200ms);
    collect(*session);
    auto taken = [&] {
      auto processes = session->processes();
      return processes.empty() ? 0 : processes[0].samples;
    };
    std::uint64_t before = taken();
    REQUIRE(run_until(*session, 60s, [&] { return taken() > before + 100; }));
    auto profiles = by_service(collect(*session));
    REQUIRE(profiles.contains("deep"));
    const auto& profile = *profiles.at("deep");
    CHECK(sample_count(profile) > 20);
    std::int64_t exact = 0;
    for (const auto& sample : profile.samples) {
      const auto& stack = profile.stacks[sample.stack];
      bool good = stack.frames.size() == row.frames && stack.truncated == row.truncated;
      if (good && stack.complete != row.truncated) exact += sample.count;
    }
    CHECK(exact == sample_count(profile));
    auto processes = session->processes();
    REQUIRE(processes.size() == 1);
    CHECK(processes[0].samples >= static_cast<std::uint64_t>(sample_count(profile)));
    if (!row.truncated) CHECK(processes[0].complete_samples >= static_cast<std::uint64_t>(exact));
  }
}

TEST_CASE("a new rate holds at once, and values stay right") {
  if (skip("a new rate holds at once, and values stay right")) return;
  Child child("shares");
  SessionOptions options{.sample_rate = 97};
  auto session = open_session(options);
  session->set_targets({target_of(child, "shares")});
  double first = child.cpu_seconds();
  collect(*session);
  double before = child.cpu_seconds();
  run_for(*session, 1500ms);
  options.sample_rate = 1999;
  REQUIRE(session->set_options(options));
  run_for(*session, 1500ms);
  double after = child.cpu_seconds();
  auto profiles = collect(*session);
  double last = child.cpu_seconds();
  REQUIRE(profiles.size() == 2);
  CHECK(profiles[0]->period == 1'000'000'000 / 97);
  CHECK(profiles[1]->period == 1'000'000'000 / 1999);
  double profiled = 0;
  for (const auto& profile : profiles) profiled += seconds_of(*profile);
  // The slower rate decides.
  CHECK(away_from(profiled, after - before, last - first) <= four_sigma((last - first) * 97) / 97 + 0.04);
  CHECK(sample_count(*profiles[1]) > 4 * sample_count(*profiles[0]));
}

TEST_CASE("a process that has ended is still named") {
  if (skip("a process that has ended is still named")) return;
  auto session = open_session({.sample_rate = 997});
  Child child("shares", {"0.3"});
  auto target = target_of(child, "short");
  session->set_targets({target});
  child.wait();
  auto profiles = by_service(collect(*session));
  REQUIRE(profiles.contains("short"));
  const auto& profile = *profiles.at("short");
  CHECK(samples_at_leaf(profile, "burn_seventy") > 0);
  CHECK(samples_with(profile, "main") * 10 > sample_count(profile) * 8);
  auto processes = session->processes();
  REQUIRE(processes.size() == 1);
  CHECK(processes[0].exited);
  CHECK(processes[0].comm == "shares");
  CHECK(processes[0].service == "short");
}

TEST_CASE("numbers of processes are those of our own pid namespace") {
  if (skip("numbers of processes are those of our own pid namespace")) return;
  if (system("unshare --pid --fork --mount-proc true 2>/dev/null") != 0) {
    std::printf(
        "SKIP: numbers of processes are those of our own pid namespace: unshare is missing or refused\n");
    return;
  }
  std::string self = std::filesystem::read_symlink("/proc/self/exe");
  std::string command =
      "unshare --pid --fork --mount-proc '" + self + "' -tc='a process that has ended*' 2>&1";
  FILE* run = popen(command.c_str(), "r");
  REQUIRE(run);
  std::string said;
  for (int c = fgetc(run); c != EOF; c = fgetc(run)) said += static_cast<char>(c);
  INFO(said);
  CHECK(pclose(run) == 0);
}

TEST_CASE("a container's processes are chosen by their cgroup") {
  if (skip("a container's processes are chosen by their cgroup")) return;
  const std::string id(64, 'e');
  ContainerGroup group(id);
  Child before("shares");
  group.add(before.pid());
  auto session = open_session({.sample_rate = 499});
  ProfiledTarget target{.pid = 0, .container_id = id, .labels = {{"service_name", "container"}}};
  session->set_targets({target});
  auto knows = [&](std::uint32_t pid) {
    return [&, pid] {
      for (const auto& process : session->processes()) {
        if (process.pid == pid && process.container_id == id) return true;
      }
      return false;
    };
  };
  CHECK(run_until(*session, 20s, knows(before.pid())));
  // One that comes later, under another program's eyes: the same container, no new target.
  Child after("shares");
  group.add(after.pid());
  CHECK(run_until(*session, 20s, knows(after.pid())));
  auto profiles = collect(*session);
  REQUIRE(profiles.size() == 1);
  CHECK(profiles[0]->labels.get("service_name") == "container");
  // A pid wins over its container.
  session->set_targets({target, target_of(after, "alone")});
  run_for(*session, 700ms);
  auto split = by_service(collect(*session));
  CHECK(split.contains("container"));
  CHECK(split.contains("alone"));
  // Nobody wants it any more.
  session->set_targets({});
  session->drain();
  collect(*session);
  run_for(*session, 300ms);
  CHECK(collect(*session).empty());
}

TEST_CASE("a target beyond the kernel's map is profiled when there is room, or a larger map") {
  if (skip("a target beyond the kernel's map is profiled when there is room, or a larger map")) return;
  Child first("shares");
  Child second("shares");
  SessionOptions options{.sample_rate = 499};
  options.limits.kernel_pid_entries = 1;
  auto session = open_session(options);
  auto services = [&] {
    run_for(*session, 700ms);
    return by_service(collect(*session)).size();
  };
  session->set_targets({target_of(first, "first"), target_of(second, "second")});
  CHECK(services() == 1);
  options.limits.kernel_pid_entries = 64;
  REQUIRE(session->set_options(options));
  CHECK(services() == 2);
  options.limits.kernel_pid_entries = 1;
  REQUIRE(session->set_options(options));
  collect(*session);
  CHECK(services() == 1);
  session->set_targets({target_of(second, "second")});
  collect(*session);
  CHECK(services() == 1);
  session->set_targets({target_of(first, "first")});
  collect(*session);
  CHECK(services() == 1);
}

TEST_CASE("every sample is accounted for") {
  if (skip("every sample is accounted for")) return;
  Child child("shares");
  Child reader("reader");
  Child other("shares");
  auto session = open_session({.sample_rate = 997, .collect_user = false});
  session->set_targets({target_of(child, "shares"), target_of(reader, "reader")});
  run_for(*session, 800ms);
  auto profiles = collect(*session);
  std::int64_t in_profiles = 0;
  for (const auto& profile : profiles) in_profiles += sample_count(*profile);
  auto stats = session->report()->stats();
  std::uint64_t lost = 0;
  std::uint64_t user_off = 0;
  for (const auto& loss : stats.losses) {
    lost += loss.count;
    if (loss.reason == "user_off") user_off = loss.count;
  }
  CHECK(stats.samples == stats.attributed + lost);
  CHECK(stats.attributed == static_cast<std::uint64_t>(in_profiles));
  CHECK(user_off > 0);
  CHECK(stats.unselected > 0);
  CHECK(stats.profiles == profiles.size());
  CHECK(stats.kernel_time.count() > 0);
  CHECK(stats.map_bytes > 0);
}

}  // namespace weir::profiler::test
