#include "tests/support/sanitized.h"
#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

using lang::Value;
using namespace std::chrono_literals;

std::string text(const boost::json::value& value) {
  return boost::json::serialize(value);
}

ProcessTimes process(std::uint32_t pid, std::string comm, Duration cpu = 1s) {
  return {.pid = pid, .comm = std::move(comm), .start = 0s, .cpu = cpu};
}

const runtime::ComponentType& finder_type() {
  static const runtime::ComponentType type = [] {
    runtime::ComponentType t;
    t.name = "test.finder";
    return t;
  }();
  return type;
}

std::shared_ptr<runtime::Node> finder(std::vector<Value> targets) {
  auto node = node_with("test.finder.all", runtime::HealthState::healthy);
  node->type = &finder_type();
  change(*node, [&](auto& state) {
    state.exports = Value::object({{"targets", Value::array(std::move(targets))}});
  });
  return node;
}

std::shared_ptr<runtime::Node> collector(std::shared_ptr<const profile::ProcessReport> report,
                                         std::string id = "test.collector.one") {
  auto node = node_with(std::move(id), runtime::HealthState::healthy);
  change(*node, [&](auto& state) { state.services.emplace_back(typeid(profile::ProcessReport), report); });
  return node;
}

// A machine with one process for each fate.
struct Machine {
  SiteFixture site;
  std::shared_ptr<FakeProcesses> report = std::make_shared<FakeProcesses>();

  Machine() {
    site.processes = {process(10, "well", 50s),    process(11, "stripped", 40s), process(12, "idle", 30s),
                      process(13, "dropped", 20s), process(14, "boxed", 10s),    process(15, "nobody", 5s),
                      process(16, "asleep", 0s)};
    report->collected = {
        {.pid = 10,
         .comm = "well",
         .service = "a",
         .samples = 200,
         .complete_samples = 199,
         .frames = 100,
         .named_frames = 95},
        {.pid = 11,
         .comm = "stripped",
         .service = "b",
         .samples = 10,
         .complete_samples = 5,
         .frames = 100,
         .named_frames = 40,
         .unnamed = "/lib/x.so: no debug file"},
        {.pid = 99, .comm = "short", .service = "", .samples = 1, .exited = true, .exited_unread = true},
    };
    report->services = {{10, "a"}, {11, "b"}, {12, "c"}};
    report->containers = {{14, "c0ffee"}};
    site.run({finder({Value::object({{"__process_pid__", "13"}}),
                      Value::object({{"__meta_docker_container_id", "docker://c0ffee"}})}),
              collector(report)});
  }

  boost::json::object row(int pid) {
    auto page = site.json("/api/v0/web/targets");
    for (const auto& one : page.at("rows").as_array()) {
      if (one.at("pid") == pid) return one.as_object();
    }
    return {};
  }
};

TEST_CASE("web: what becomes of each process, and why") {
  struct Row {
    int pid;
    const char* state;
    const char* service;
    const char* why;
  };
  const Row rows[] = {
      {10, "profiled", "a", ""},
      {11, "names_missing", "b", "/lib/x.so: no debug file"},
      {12, "waiting", "c",
       "test.collector.one takes it, and no sample of it has come yet: it uses little CPU."},
      {13, "left_out", "", "test.finder.all found it, and it is no target of what profiles."},
      {14, "left_out", "", "test.finder.all found it, and it is no target of what profiles."},
      {15, "no_target", "", "No component of the config has found it."},
      {99, "exited_unread", "",
       "It had ended before weir could read which files it runs: its samples are there, without names."},
  };
  Machine machine;
  for (const auto& row : rows) {
    CAPTURE(row.pid);
    auto found = machine.row(row.pid);
    REQUIRE(!found.empty());
    CHECK(found.at("state") == row.state);
    CHECK(found.at("service") == row.service);
    CHECK(found.at("why") == row.why);
  }
  CHECK(machine.row(16).empty());
  auto page = machine.site.json("/api/v0/web/targets");
  CHECK(page.at("collectors") == 1);
  CHECK(page.at("total") == 7);
  CHECK(text(page.at("states")) ==
        R"({"profiled":1,"names_missing":1,"waiting":1,"left_out":2,"no_target":1,)"
        R"("exited_unread":1})");
}

TEST_CASE("web: processes are found, sorted and read in pages") {
  struct Row {
    const char* query;
    const char* pids;
    int matching;
  };
  const Row rows[] = {
      {"", "10 11 12 13 14 15 99", 7},
      {"?sort=name", "14 13 12 15 99 11 10", 7},
      {"?sort=complete", "99 11 10 12 13 14 15", 7},
      {"?sort=pid&offset=2&limit=3", "12 13 14", 7},
      {"?offset=100", "", 7},
      {"?state=left_out", "13 14", 2},
      {"?filter=DROP", "13", 1},
      {"?filter=c0ff", "14", 1},
      {"?filter=test.finder", "13 14", 2},
      {"?filter=99", "99", 1},
      {"?filter=1", "10 11 12 13 14 15", 6},
      {"?pid=1", "", 0},
      {"?pid=13", "13", 1},
      {"?pid=13&filter=well", "", 0},
      {"?filter=drop&state=profiled", "", 0},
  };
  Machine machine;
  for (const auto& row : rows) {
    CAPTURE(row.query);
    auto page = machine.site.json(std::string("/api/v0/web/targets") + row.query);
    std::string pids;
    for (const auto& one : page.at("rows").as_array())
      pids += (pids.empty() ? "" : " ") + text(one.at("pid"));
    CHECK(pids == row.pids);
    CHECK(page.at("matching") == row.matching);
    CHECK(page.at("total") == 7);
  }
  for (auto query : {"?state=fine", "?sort=size", "?offset=x", "?limit=x", "?pid=x"})
    CHECK(machine.site.get(std::string("/api/v0/web/targets") + query).status == 400);
}

TEST_CASE("web: CPU is that of the last seconds, once somebody has looked for so long") {
  Machine machine;
  auto& site = machine.site;
  CHECK(site.json("/api/v0/web/targets").at("window") == 0);
  site.clock.now += 4s;
  site.processes[5].cpu += 1s;
  auto page = site.json("/api/v0/web/targets");
  CHECK(page.at("window") == 4);
  CHECK(page.at("rows").as_array()[0].at("comm") == "nobody");
  CHECK(page.at("rows").as_array()[0].at("cpuPercent") == 25);
  // A process that began since then, with the pid of another.
  site.clock.now += 4s;
  site.processes[0] = {.pid = 10, .comm = "new", .start = 5s, .cpu = 2s};
  CHECK(machine.row(10).at("cpuPercent") == 25);
  // The window does not grow for ever, and a look of long ago is forgotten.
  for (int i = 0; i < 10; ++i) {
    site.clock.now += 4s;
    site.get("/api/v0/web/targets");
  }
  CHECK(site.json("/api/v0/web/targets").at("window").to_number<double>() <= 24);
  site.clock.now += 1h;
  CHECK(site.json("/api/v0/web/targets").at("window") == 0);
}

TEST_CASE("web: hostile names of processes and services stay within bounds") {
  SiteFixture site;
  auto report = std::make_shared<FakeProcesses>();
  std::string label(64 << 10, 'x');
  for (std::uint32_t pid = 1; pid <= 200; ++pid) {
    site.processes.push_back(process(pid, "<img \xff\x1b"));
    report->collected.push_back({.pid = pid, .service = label, .samples = 1, .unnamed = label});
  }
  site.run({collector(report)});
  auto response = site.get("/api/v0/web/targets?limit=200");
  CHECK(response.body.size() < 1'000'000);
  auto first = boost::json::parse(response.body).at("rows").as_array()[0];
  CHECK(first.at("comm") == "<img \xef\xbf\xbd\x1b");
  CHECK(first.at("serviceLength") == 65536);
  CHECK(first.at("service").as_string().size() < 1100);
}

TEST_CASE("web: without a collector every process is without a target") {
  SiteFixture site;
  site.processes = {process(1, "init")};
  site.run({});
  auto page = site.json("/api/v0/web/targets");
  CHECK(page.at("collectors") == 0);
  CHECK(page.at("rows").as_array()[0].at("state") == "no_target");
}

TEST_CASE("web: of two collectors the one that has seen more of a process tells of it") {
  SiteFixture site;
  site.processes = {process(1, "a")};
  auto some = std::make_shared<FakeProcesses>();
  some->collected = {{.pid = 1, .service = "some", .samples = 3}};
  auto most = std::make_shared<FakeProcesses>();
  most->collected = {{.pid = 1, .service = "most", .samples = 9}};
  site.run({collector(some, "test.collector.some"), collector(most, "test.collector.most")});
  auto rows = site.json("/api/v0/web/targets").at("rows");
  REQUIRE(rows.as_array().size() == 1);
  CHECK(rows.as_array()[0].at("service") == "most");
  CHECK(rows.as_array()[0].at("collector") == "test.collector.most");
}

// The least of some tries: others use the machine too.
template <class Ask>
Duration quickest(Ask ask) {
  Duration least = 1h;
  for (int i = 0; i < 5; ++i) {
    auto start = std::chrono::steady_clock::now();
    ask();
    least = std::min<Duration>(least, std::chrono::steady_clock::now() - start);
  }
  return least;
}

TEST_CASE("web: a component with 100,000 targets answers at once, and not with all of them") {
  std::vector<Value> targets;
  for (int i = 0; i < 100'000; ++i) {
    std::vector<std::pair<std::string, Value>> labels{{"__process_pid__", std::to_string(i + 1)}};
    for (int label = 0; label < 9; ++label)
      labels.emplace_back("label_" + std::to_string(label), "value-" + std::to_string(i));
    targets.push_back(Value::object(std::move(labels)));
  }
  SiteFixture site;
  site.processes = {process(7, "a")};
  site.run({finder(std::move(targets))});
  const std::string base = "/api/v0/web/components/test.finder.all";
  for (const auto& path : {base + "?defaults=1", base + "/views/exports.targets?offset=99000",
                           base + "/views/exports.targets?limit=200"}) {
    CAPTURE(path);
    std::size_t size = 0;
    Duration took = quickest([&] { size = site.get(path).body.size(); });
    CHECK(size > 100);
    CHECK(size <= 1'000'000);
    CHECK((took <= 50ms || weir::testing::kSanitized));
  }
}

}  // namespace
}  // namespace weir::web::testing
