#include <doctest/doctest.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "components/pyroscope/ebpf.h"
#include "components/pyroscope/ebpf_targets.h"
#include "components/pyroscope/inbox.h"
#include "tests/support/component_harness.h"

using namespace std::literals;

namespace weir::pyroscope {

using weir::discovery::Target;
using weir::discovery::TargetList;
using weir::profiler::ProfiledTarget;
using weir::profiler::SessionOptions;

namespace {

// What the component did to its session, and what the session answers.
struct SessionLog {
  int opened = 0, drained = 0, collected = 0;
  std::vector<SessionOptions> options;
  std::vector<std::vector<ProfiledTarget>> targets;
  std::string open_error;
  std::vector<weir::profile::ProfilePtr> profiles;
  std::vector<weir::profiler::ProcessInfo> processes;
  std::vector<weir::profiler::SymbolFileInfo> files;
  weir::profile::CollectionStats stats;
  weir::profiler::MachineReport machine;
};

class FakeReport final : public weir::profile::CollectionReport {
 public:
  explicit FakeReport(std::shared_ptr<SessionLog> log) : log_(std::move(log)) {}
  weir::profile::CollectionStats stats() const override { return log_->stats; }

 private:
  std::shared_ptr<SessionLog> log_;
};

class FakeSession final : public weir::profiler::Session {
 public:
  explicit FakeSession(std::shared_ptr<SessionLog> log) : log_(std::move(log)) {}
  void set_targets(std::vector<ProfiledTarget> targets) override {
    log_->targets.push_back(std::move(targets));
  }
  weir::Result<> set_options(SessionOptions options) override {
    log_->options.push_back(options);
    return {};
  }
  void on_urgent(std::function<void()>) override {}
  void drain() override { ++log_->drained; }
  std::vector<weir::profile::ProfilePtr> collect(weir::WallTime) override {
    ++log_->collected;
    return log_->profiles;
  }
  std::vector<weir::profile::ProfilePtr> finish(weir::WallTime) override { return {}; }
  std::vector<weir::profiler::ModuleUnwinding> unwind_quality() const override { return {}; }
  std::shared_ptr<const weir::profile::CollectionReport> report() const override {
    return std::make_shared<FakeReport>(log_);
  }
  std::vector<weir::profiler::ProcessInfo> processes() const override { return log_->processes; }
  std::vector<weir::profiler::SymbolFileInfo> symbol_files() const override { return log_->files; }
  weir::profiler::MachineReport machine() override { return log_->machine; }

 private:
  std::shared_ptr<SessionLog> log_;
};

class Harness {
 public:
  Harness() : Harness(R"(targets = [{"__process_pid__" = "7"}])") {}
  explicit Harness(std::string_view body)
      : ebpf_(world, arguments(body),
              [log = log](SessionOptions options, weir::Logger) { return open(log, options); }) {}
  ~Harness() {
    ebpf_.stop();
    world.close();
  }
  void start() {
    ebpf_.start();
    world.run();
  }
  void apply(std::string_view body) {
    ebpf_.apply(arguments(body));
    world.run();
  }

  weir::testing::FakeContext world{"pyroscope.ebpf.test"};
  std::shared_ptr<SessionLog> log = std::make_shared<SessionLog>();
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>(100, [] {});

 private:
  static weir::Result<std::unique_ptr<weir::profiler::Session>> open(const std::shared_ptr<SessionLog>& log,
                                                                     SessionOptions options) {
    ++log->opened;
    log->options.push_back(options);
    if (!log->open_error.empty()) return weir::fail("{}", log->open_error);
    return std::make_unique<FakeSession>(log);
  }
  Ebpf::Arguments arguments(std::string_view body) {
    auto decoded = weir::testing::decode_text<Ebpf::Arguments>("forward_to = []\n" + std::string(body));
    if (!decoded) FAIL(decoded.error());
    decoded->forward_to = {inbox};
    return *decoded;
  }

  Ebpf ebpf_;
};

weir::profile::ProfilePtr profile_of(std::string service) {
  auto profile = std::make_shared<weir::profile::Profile>();
  profile->labels = {{"service_name", std::move(service)}};
  profile->samples = {{.value = 1, .count = 5}};
  profile->pprof_bytes = std::make_shared<std::atomic<std::uint64_t>>(0);
  return profile;
}

}  // namespace

TEST_CASE("pyroscope.ebpf: which process or container a target names, and its labels") {
  const std::string id(64, 'c');
  struct Row {
    const char* name;
    std::vector<Target::Label> target;
    std::uint32_t pid;
    std::string container;
    std::string service;
  };
  const Row rows[] = {
      {"a pid", {{"__process_pid__", "12"}, {"service_name", "x"}}, 12, "", "x"},
      {"a pid wins over a container",
       {{"__process_pid__", "12"}, {"__container_id__", id}},
       12,
       "",
       "unspecified"},
      {"pid 0 is none", {{"__process_pid__", "0"}, {"__container_id__", id}}, 0, id, "unspecified"},
      {"a number too large is none",
       {{"__process_pid__", "4294967296"}, {"__container_id__", id}},
       0,
       id,
       "unspecified"},
      {"docker",
       {{"__meta_docker_container_id", id}, {"__meta_docker_container_name", "/web"}},
       0,
       id,
       "/web"},
      {"kubernetes",
       {{"__meta_kubernetes_pod_container_id", "containerd://" + id},
        {"__meta_kubernetes_namespace", "shop"},
        {"__meta_kubernetes_pod_container_name", "cart"}},
       0,
       id,
       "ebpf/shop/cart"},
      {"an annotation names the service",
       {{"__container_id__", id},
        {"__meta_kubernetes_pod_annotation_pyroscope_io_service_name", "named"},
        {"__meta_docker_container_name", "/web"}},
       0,
       id,
       "named"},
      {"swarm",
       {{"__meta_dockerswarm_task_container_id", id}, {"__meta_dockerswarm_service_name", "s"}},
       0,
       id,
       "s"},
      {"a container runtime we do not know ends the search",
       {{"__meta_kubernetes_pod_container_id", "rkt://" + id}, {"__meta_docker_container_id", id}},
       0,
       "",
       ""},
      {"nothing", {{"a", "b"}}, 0, "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    auto profiled = profiled_targets({TargetList::make({Target::make(row.target)})});
    if (row.pid == 0 && row.container.empty()) {
      CHECK(profiled.targets.empty());
      CHECK(profiled.unusable == 1);
      continue;
    }
    REQUIRE(profiled.targets.size() == 1);
    CHECK(profiled.targets[0].pid == row.pid);
    CHECK(profiled.targets[0].container_id == row.container);
    CHECK(profiled.targets[0].labels.get("service_name") == row.service);
    CHECK(profiled.targets[0].labels.get("__name__") == "process_cpu");
    for (const auto& [name, value] : profiled.targets[0].labels.pairs())
      CHECK_FALSE(name.starts_with("__meta"));
  }
}

TEST_CASE("pyroscope.ebpf: of two targets of one process the last stands") {
  auto profiled = profiled_targets({TargetList::make(
      {Target::make({{"__process_pid__", "1"}, {"a", "1"}}), Target::make({{"__process_pid__", "2"}}),
       Target::make({{"__process_pid__", "1"}, {"a", "2"}})})});
  REQUIRE(profiled.targets.size() == 2);
  CHECK(profiled.targets[0].labels.get("a") == "2");
}

TEST_CASE("pyroscope.ebpf: defaults of the arguments") {
  auto arguments = weir::testing::decode_text<EbpfArguments>("forward_to = []");
  REQUIRE(arguments);
  CHECK(arguments->collect_interval == 15s);
  CHECK(arguments->symbols_map_size == 16384);
  CHECK(arguments->pid_map_size == 2048);
  CHECK(arguments->session_options() == SessionOptions());
}

TEST_CASE("pyroscope.ebpf: a service that is new has its first profile within 5 s") {
  Harness ebpf;
  ebpf.start();
  ebpf.world.advance(5s);
  CHECK(ebpf.log->collected == 1);
  // Another process of a service that is known can wait.
  ebpf.apply(R"(targets = [{"__process_pid__" = "7"}, {"__process_pid__" = "8"}])");
  ebpf.world.advance(5s);
  CHECK(ebpf.log->collected == 1);
  ebpf.apply(R"(targets = [{"__process_pid__" = "7"}, {"__process_pid__" = "8", "service_name" = "new"}])");
  ebpf.world.advance(5s);
  CHECK(ebpf.log->collected == 2);
}

TEST_CASE("pyroscope.ebpf: profiles come within 5 s at first, then every interval") {
  Harness ebpf;
  ebpf.log->profiles = {profile_of("a")};
  ebpf.start();
  CHECK(ebpf.log->opened == 1);
  CHECK(ebpf.world.health.message == "running: 1 target, the first profile comes soon");
  ebpf.world.advance(5s);
  CHECK(ebpf.log->drained >= 19);
  CHECK(ebpf.log->collected == 1);
  REQUIRE(ebpf.log->targets.size() == 1);
  CHECK(ebpf.log->targets[0][0].pid == 7);
  CHECK(ebpf.inbox->size() == 1);
  ebpf.world.advance(15s);
  CHECK(ebpf.log->collected == 2);
  ebpf.world.advance(150s);
  CHECK(ebpf.log->collected == 12);
}

TEST_CASE("pyroscope.ebpf: a failing start is health, and is tried again") {
  Harness ebpf;
  ebpf.log->open_error = "load the program: operation not permitted: run weir as root";
  ebpf.start();
  CHECK(ebpf.world.health.state == weir::runtime::HealthState::unhealthy);
  CHECK(ebpf.world.health.message.starts_with(
      "load the program: operation not permitted: run weir as root; weir tries again in"));
  ebpf.log->open_error.clear();
  ebpf.world.advance(3s);
  CHECK(ebpf.log->opened == 2);
  CHECK(ebpf.world.health.state == weir::runtime::HealthState::healthy);
}

TEST_CASE("pyroscope.ebpf: every argument applies without attaching again") {
  Harness ebpf;
  ebpf.start();
  ebpf.apply(R"(
    targets = [{"__process_pid__" = "8"}]
    sample_rate = 19
    collect_interval = "1s"
    demangle = "full"
    collect_kernel_profile = false)");
  CHECK(ebpf.log->opened == 1);
  const auto& options = ebpf.log->options.back();
  CHECK(options.sample_rate == 19);
  CHECK(options.demangle == weir::profiler::Demangle::full);
  CHECK_FALSE(options.collect_kernel);
  CHECK(ebpf.log->targets.back()[0].pid == 8);
  // What was sampled at the old rate was handed over first.
  CHECK(ebpf.log->collected == 1);
  ebpf.world.advance(1s);
  CHECK(ebpf.log->collected == 2);
}

TEST_CASE("pyroscope.ebpf: health says what is missing") {
  struct Row {
    const char* body;
    std::vector<weir::profiler::ProcessInfo> processes;
    const char* message;
    bool healthy;
  };
  const Row rows[] = {
      {"targets = []", {}, "running, no data: 0 targets came in: what gives them has none", true},
      {"targets = [{a = \"b\"}, {a = \"c\"}]",
       {},
       "none of the 2 targets names a process or a container: they need a label __process_pid__ or "
       "__container_id__",
       false},
      {"targets = [{__process_pid__ = \"4000000000\"}]",
       {},
       "running, no data: 1 target, no target matches a running process; no profile yet",
       true},
      {"targets = [{__process_pid__ = \"1\"}]",
       {},
       "running, no data: 1 target, 1 process idle; no profile yet",
       true},
      {"targets = [{__container_id__ = \"abc\"}]",
       {},
       "running, no data: 1 target, no target matches a running process that has used the CPU; no profile "
       "yet",
       true},
      {"targets_only = false",
       {},
       "running, no data: 0 targets, no process has used the CPU; no profile yet",
       true},
      {"targets = [{__process_pid__ = \"7\"}]",
       {{.pid = 7, .service = "a", .samples = 1}},
       "running: 1 target, 1 process, 1 profile in the last window, 0 s ago",
       true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    Harness ebpf(row.body);
    ebpf.log->processes = row.processes;
    if (!row.processes.empty()) ebpf.log->profiles = {profile_of("a")};
    ebpf.start();
    ebpf.world.advance(4s);
    CHECK(ebpf.world.health.message == row.message);
    CHECK((ebpf.world.health.state == weir::runtime::HealthState::healthy) == row.healthy);
  }
}

TEST_CASE("pyroscope.ebpf: health says what does not arrive though all is well") {
  using weir::pyroscope::EbpfState;
  struct Row {
    void (*edit)(EbpfState&);
    const char* rest;
  };
  const Row rows[] = {
      {[](EbpfState&) {}, ""},
      {[](EbpfState& state) { state.unusable_targets = 2; },
       "; 2 targets left out: no process and no container is named"},
      {[](EbpfState& state) { state.losses = {.attributed = 95, .lost = 5, .worst = "The ring was full."}; },
       "; 5 samples of the last window lost: The ring was full."},
      {[](EbpfState& state) { state.has_receiver = false; }, "; forward_to is empty: profiles go nowhere"},
  };
  for (const auto& row : rows) {
    EbpfState state{.targets = 3,
                    .has_receiver = true,
                    .processes = 2,
                    .windows = 1,
                    .window_profiles = 2,
                    .ever_profiled = true,
                    .since_profile = 4s};
    row.edit(state);
    auto health = weir::pyroscope::health_of(state, {});
    CHECK(health.state == weir::runtime::HealthState::healthy);
    CHECK(health.message ==
          std::string("running: 3 targets, 2 processes, 2 profiles in the last window, 4 s ago") + row.rest);
  }
}

TEST_CASE("pyroscope.ebpf: targets that the kernel has no room for are health") {
  Harness ebpf;
  ebpf.log->stats.refused_targets = 1;
  ebpf.log->stats.refused_why = "choose pid 7: no room";
  ebpf.start();
  CHECK(ebpf.world.health.state == weir::runtime::HealthState::unhealthy);
  CHECK(ebpf.world.health.message == "1 of 1 target not profiled: choose pid 7: no room");
}

TEST_CASE("pyroscope.ebpf: health says why there is no data, and what the memory limit costs") {
  Harness ebpf;
  ebpf.log->stats.losses = {{.reason = "a", .meaning = "Something.", .count = 3},
                            {.reason = "b", .meaning = "Worse.", .count = 40}};
  ebpf.start();
  ebpf.world.advance(4s);
  CHECK(ebpf.world.health.message ==
        "running, no data: 1 target, all 43 samples of the last window were lost: Worse.; no profile yet");
  ebpf.log->profiles = {profile_of("a")};
  ebpf.log->stats.degraded = "no samples are kept until there is room";
  ebpf.world.advance(15s);
  CHECK(ebpf.world.health.message ==
        "running: 1 target, 0 processes, 1 profile in the last window, 0 s ago; memory_limit: no samples are "
        "kept until there "
        "is "
        "room");
  // Nothing was lost in this window.
  ebpf.log->profiles.clear();
  ebpf.log->stats.degraded.clear();
  ebpf.log->processes = {{.pid = 7, .service = "a", .samples = 1}};
  ebpf.world.advance(15s);
  CHECK(ebpf.world.health.message.starts_with("running, no data: 1 target, 1 process idle; last profile "));
  CHECK(ebpf.world.health.state == weir::runtime::HealthState::healthy);
}

TEST_CASE("pyroscope.ebpf: what all blocks share is counted by its part, and shown whole") {
  Harness ebpf;
  auto& machine = ebpf.log->machine;
  machine.share.unwinding = {
      .tables = 3, .bytes = 400, .byte_limit = 500, .loaded = 2, .refused_processes = 1};
  machine.share.unwinding.failed[static_cast<std::size_t>(weir::profiler::NoTable::hung)] = 4;
  machine.share.reads = {.hung = 5, .left_alone = 6, .hanging = 1};
  machine.share.symbols = {.evicted_with_build_id = 13, .evicted_by_inode = 14};
  machine.overflow = 7;
  machine.lost_events = 15;
  machine.evicted_processes = 16;
  machine.evicted_containers = 17;
  machine.all.unwinding = {.no_room = 8, .evicted = 9};
  machine.all.unwinding.failed[static_cast<std::size_t>(weir::profiler::NoTable::gone)] = 10;
  machine.all.reads = {.hung = 11};
  ebpf.log->stats.complete = 90;
  ebpf.log->stats.incomplete = {{.reason = "no_row", .meaning = "", .count = 12}};
  ebpf.start();
  ebpf.world.advance(5s);
  ebpf.world.advance(15s);  // the second window: a part is added to the one before
  REQUIRE(ebpf.log->collected == 2);
  std::string text = ebpf.world.registry.expose();
  CAPTURE(text);
  auto has = [&](std::string_view name, std::string label, int value) {
    std::set<std::string> labels{R"(component_id="pyroscope.ebpf.test")"};
    if (!label.empty()) labels.insert(std::move(label));
    std::string line = fmt::format("{}{{{}}} {}\n", name, fmt::join(labels, ","), value);
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  };
  has("pyroscope_ebpf_unwind_tables", "state=\"ready\"", 3);
  has("pyroscope_ebpf_unwind_bytes", "", 400);
  has("pyroscope_ebpf_unwind_limit_bytes", "", 500);
  has("pyroscope_ebpf_unwind_tables_made_total", "", 4);
  has("pyroscope_ebpf_unwind_tables_evicted_total", "", 0);
  has("pyroscope_ebpf_unwind_failures_total", "reason=\"hung\"", 8);
  has("pyroscope_ebpf_unwind_failures_total", "reason=\"gone\"", 0);
  has("pyroscope_ebpf_unwind_failures_total", "reason=\"process_refused\"", 2);
  has("pyroscope_ebpf_unwind_failures_total", "reason=\"pid_map_full\"", 7);
  has("pyroscope_ebpf_failed_reads_total", "reason=\"hung\"", 10);
  has("pyroscope_ebpf_failed_reads_total", "reason=\"left_alone\"", 12);
  has("pyroscope_ebpf_hanging_reads", "", 1);
  has("pyroscope_ebpf_lost_events_total", "", 15);
  has("pyroscope_ebpf_cache_evictions_total", "cache=\"pid\"", 16);
  has("pyroscope_ebpf_cache_evictions_total", "cache=\"container_id\"", 17);
  has("pyroscope_ebpf_cache_evictions_total", "cache=\"build_id\"", 26);
  has("pyroscope_ebpf_cache_evictions_total", "cache=\"same_file\"", 28);
  has("pyroscope_ebpf_complete_stacks_total", "", 90);
  has("pyroscope_ebpf_incomplete_stacks_total", "reason=\"no_row\"", 12);
}

TEST_CASE("pyroscope.ebpf: others can ask what it does with a process") {
  Harness ebpf(R"(targets = [
    {"__process_pid__" = "7", "service_name" = "a"}, {"__container_id__" = "box", "service_name" = "b"},
  ])");
  auto report = [&] { return ebpf.world.service<weir::profile::ProcessReport>(); };
  ebpf.log->processes = {{.pid = 7,
                          .service = "a",
                          .samples = 9,
                          .complete_samples = 8,
                          .naming = {.frames = 5, .named = 4, .unnamed = "x"}}};
  ebpf.start();
  REQUIRE(report());
  CHECK(report()->processes().empty());
  CHECK(report()->service_of(7, "") == "a");
  CHECK(report()->service_of(8, "box") == "b");
  CHECK_FALSE(report()->service_of(8, ""));
  ebpf.world.advance(5s);
  REQUIRE(report()->processes().size() == 1);
  CHECK(report()->processes()[0].complete_samples == 8);
  CHECK(report()->processes()[0].named_frames == 4);
  ebpf.apply("targets_only = false");
  CHECK(report()->service_of(8, "") == "ebpf/unspecified");
  CHECK(report()->processes().size() == 1);
}

TEST_CASE("pyroscope.ebpf: its page lists every metric that it has") {
  Harness ebpf;
  ebpf.log->profiles = {profile_of("a")};
  ebpf.log->stats.losses = {{.reason = "a", .meaning = "", .count = 1}};
  ebpf.log->files = {{.failed = true, .error = "not an ELF file"}};
  ebpf.log->processes = {{.pid = 7, .error = "no such process"}};
  ebpf.start();
  ebpf.world.advance(5s);
  std::string text = ebpf.world.registry.expose();
  std::string_view rest = text;
  int kinds = 0;
  constexpr std::string_view kType = "# TYPE ";
  for (auto at = rest.find(kType); at != std::string_view::npos; at = rest.find(kType)) {
    rest.remove_prefix(at + kType.size());
    std::string_view name = rest.substr(0, rest.find(' '));
    CAPTURE(name);
    CHECK(std::ranges::count(Ebpf::kMetrics, name, &weir::MetricInfo::name) == 1);
    ++kinds;
  }
  CHECK(kinds >= 20);
}

TEST_CASE("pyroscope.ebpf: each argument reaches the session, and live") {
  struct Row {
    const char* body;
    std::function<void(SessionOptions&)> change;
  };
  using weir::profiler::CommPlace;
  const weir::profile::Labels rest{{"__name__", "process_cpu"}, {"service_name", "ebpf/unspecified"}};
  const weir::profile::Labels named{{"__name__", "process_cpu"}, {"a", "b"}, {"service_name", "rest"}};
  const Row rows[] = {
      {"sample_rate = 19", [](auto& o) { o.sample_rate = 19; }},
      {"collect_user_profile = false", [](auto& o) { o.collect_user = false; }},
      {"collect_kernel_profile = false", [](auto& o) { o.collect_kernel = false; }},
      {"kernel_frames = false", [](auto& o) { o.collect_kernel = false; }},
      {"demangle = \"templates\"", [](auto& o) { o.demangle = weir::profiler::Demangle::templates; }},
      {"pid_cache_size = 5", [](auto& o) { o.limits.processes = 5; }},
      {"build_id_cache_size = 6", [](auto& o) { o.limits.build_id_files = 6; }},
      {"same_file_cache_size = 7", [](auto& o) { o.limits.same_files = 7; }},
      {"container_id_cache_size = 9", [](auto& o) { o.limits.container_ids = 9; }},
      {"cache_rounds = 0", [](auto& o) { o.limits.cache_rounds = 0; }},
      {"pid_map_size = 10", [](auto& o) { o.limits.kernel_pid_entries = 10; }},
      {"comm = \"label\"", [](auto& o) { o.comm = CommPlace::label; }},
      {"comm = \"stackframe\"", [](auto& o) { o.comm = CommPlace::stackframe; }},
      {"comm = \"both\"", [](auto& o) { o.comm = CommPlace::both; }},
      {"comm = \"\"", [](auto&) {}},
      {"pid_label = true", [](auto& o) { o.pid_label = true; }},
      {"targets_only = false", [&](auto& o) { o.default_target = rest; }},
      {"default_target = {service_name = \"rest\", a = \"b\", __c = \"d\"}",
       [&](auto& o) { o.default_target = named; }},
      {"no_kernel_version_check = true", [](auto& o) { o.any_kernel = true; }},
      {"memory_limit = 64000000",
       [](auto& o) {
         o.limits.memory = 64'000'000;
         o.limits.symbol_bytes = o.limits.unwind_bytes = 16'000'000;
       }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    SessionOptions expected;
    row.change(expected);
    Harness ebpf;
    ebpf.start();
    CHECK(ebpf.log->options.back() == SessionOptions());
    ebpf.apply(fmt::format("targets = [{{\"__process_pid__\" = \"7\"}}]\n{}", row.body));
    CHECK(ebpf.log->options.back() == expected);
    CHECK(ebpf.log->opened == 1);
    ebpf.apply(R"(targets = [{"__process_pid__" = "7"}])");
    CHECK(ebpf.log->options.back() == SessionOptions());
  }
}

TEST_CASE("pyroscope.ebpf: labels of a target, one statement each") {
  struct Row {
    const char* name;
    std::vector<Target::Label> target;
    weir::profile::Labels labels;
  };
  const Row rows[] = {
      {"labels are copied, but not those that begin with __",
       {{"__process_pid__", "1"}, {"team", "x"}, {"__meta_process_exe", "/a"}, {"__other", "y"}},
       {{"team", "x"},
        {"__name__", "process_cpu"},
        {"service_name", "unspecified"},
        {"__process_pid__", "1"}}},
      {"__name__ is kept",
       {{"__process_pid__", "1"}, {"__name__", "mine"}, {"service_name", "s"}},
       {{"__name__", "mine"}, {"service_name", "s"}, {"__process_pid__", "1"}}},
      {"options of the target are kept",
       {{"__process_pid__", "1"}, {"__meta_pyroscope_ebpf_options_demangle", "full"}},
       {{"__meta_pyroscope_ebpf_options_demangle", "full"},
        {"__name__", "process_cpu"},
        {"service_name", "unspecified"},
        {"__process_pid__", "1"}}},
      {"a pid target says its pid and not its container",
       {{"__process_pid__", "1"}, {"__container_id__", "c"}},
       {{"__name__", "process_cpu"}, {"service_name", "unspecified"}, {"__process_pid__", "1"}}},
      {"a container's target says its container",
       {{"__meta_docker_container_id", "c"}},
       {{"__name__", "process_cpu"}, {"service_name", "unspecified"}, {"__container_id__", "c"}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    auto profiled = profiled_targets({TargetList::make({Target::make(row.target)})});
    REQUIRE(profiled.targets.size() == 1);
    CHECK(profiled.targets[0].labels.to_string() == row.labels.to_string());
  }
}

TEST_CASE("pyroscope.ebpf: a target may wish otherwise than the arguments say") {
  auto wishes = [](std::vector<Target::Label> labels) {
    labels.emplace_back("__process_pid__", "1");
    auto profiled = profiled_targets({TargetList::make({Target::make(std::move(labels))})});
    return std::pair(profiled.targets.at(0).collect_kernel, profiled.targets.at(0).demangle);
  };
  using weir::profiler::Demangle;
  CHECK(wishes({}) == std::pair<std::optional<bool>, std::optional<Demangle>>());
  CHECK(wishes({{"__meta_pyroscope_ebpf_options_collect_kernel", "true"}}).first == true);
  CHECK(wishes({{"__meta_pyroscope_ebpf_options_collect_kernel", "no"}}).first == false);
  CHECK(wishes({{"__meta_pyroscope_ebpf_options_demangle", "full"}}).second == Demangle::full);
  CHECK(wishes({{"__meta_pyroscope_ebpf_options_demangle", "x"}}).second == Demangle::none);
}

TEST_CASE("pyroscope.ebpf: with lazy_mode it attaches when the first target comes") {
  Harness ebpf("lazy_mode = true");
  ebpf.start();
  ebpf.world.advance(60s);
  CHECK(ebpf.log->opened == 0);
  CHECK(ebpf.world.health.message == "not attached: lazy_mode is on, and there is no target");
  ebpf.apply("lazy_mode = true\ntargets = [{\"__process_pid__\" = \"7\"}]");
  CHECK(ebpf.log->opened == 1);
  REQUIRE(ebpf.log->targets.size() == 1);
  // From then on it stays.
  ebpf.apply("lazy_mode = true");
  CHECK(ebpf.log->opened == 1);
}

TEST_CASE("pyroscope.ebpf: the default rate is that of the config's dialect") {
  weir::lang::DecodeOptions alloy{.eval = {.dialect = weir::lang::Dialect::alloy}};
  CHECK(weir::testing::decode_text<EbpfArguments>("forward_to = []")->sample_rate == 97);
  CHECK(weir::testing::decode_text<EbpfArguments>("forward_to = []", alloy)->sample_rate == 19);
  CHECK(weir::testing::decode_text<EbpfArguments>("forward_to = []\nsample_rate = 97", alloy)->sample_rate ==
        97);
}

TEST_CASE("pyroscope.ebpf: metrics, losses and the collection report") {
  Harness ebpf(R"(targets = [{"__process_pid__" = "7", "service_name" = "a"}])");
  // The second is no target's name, as after too many names.
  ebpf.log->profiles = {profile_of("a"), profile_of("x")};
  ebpf.log->stats.losses = {{.reason = "ring_full", .meaning = "x", .count = 3}};
  ebpf.log->files = {{.file = "/gone", .failed = true, .error = "open /gone: No such file or directory"},
                     {.file = "/bare", .error = "it has no .symtab"}};
  ebpf.start();
  ebpf.world.advance(20s);
  std::string text = ebpf.world.registry.expose();
  CHECK(text.find("pyroscope_ebpf_active_targets{component_id=\"pyroscope.ebpf.test\"} 1") !=
        std::string::npos);
  CHECK(text.find("reason=\"ring_full\"} 3") != std::string::npos);
  CHECK(text.find("pyroscope_ebpf_pprof_samples_total{") != std::string::npos);
  CHECK(text.find("service_name=\"a\"} 10") != std::string::npos);
  CHECK(text.find("service_name=\"(other)\"} 10") != std::string::npos);
  CHECK(text.find("pyroscope_ebpf_profiling_sessions_total{component_id=\"pyroscope.ebpf.test\"} 2") !=
        std::string::npos);
  CHECK(text.find("pyroscope_symtab_known_symbols_total{") != std::string::npos);
  CHECK(text.find("pyroscope_symtab_elf_errors_total{component_id=\"pyroscope.ebpf.test\",error="
                  "\"ErrNotExist\"} 1") != std::string::npos);
  // The size is known once a receiver has encoded the profile, which was handed over twice.
  CHECK(text.find(
            "pyroscope_ebpf_pprof_bytes_total{component_id=\"pyroscope.ebpf.test\",service_name=\"a\"} 0") !=
        std::string::npos);
  ebpf.log->profiles[0]->pprof_bytes->store(1000);
  ebpf.world.advance(1s);
  CHECK(
      ebpf.world.registry.expose().find(
          "pyroscope_ebpf_pprof_bytes_total{component_id=\"pyroscope.ebpf.test\",service_name=\"a\"} 2000") !=
      std::string::npos);
  CHECK(ebpf.world.service<weir::profile::CollectionReport>());
  CHECK(ebpf.world.view("targets"));
  CHECK(ebpf.world.debug_info);
}

}  // namespace weir::pyroscope
