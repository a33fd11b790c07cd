#include <string_view>

#include <fmt/core.h>

#include "tests/web/store_fixture.h"
#include "web/own_cost.h"
#include "web/worker.h"

namespace weir::web::testing {
namespace {

using runtime::HealthState;

TEST_CASE("web: without a store there are no services, and the answer says so") {
  SiteFixture site;
  auto answer = site.json("/api/v0/web/profiles/services");
  CHECK(answer.at("stores") == 0);
  CHECK(answer.at("services").as_array().empty());
  auto flame = site.get("/api/v0/web/profiles/flame?service=x");
  CHECK(flame.status == 404);
  CHECK(flame.body.find("pyroscope.store") != std::string::npos);
}

TEST_CASE("web: the services of a range, the last hour unless told") {
  StoreFixture site;
  auto answer = site.json("/api/v0/web/profiles/services");
  CHECK(answer.at("until") == kStart + 1000);
  CHECK(answer.at("from") == kStart + 1000 - 3'600'000);
  REQUIRE(answer.at("services").as_array().size() == 1);
  const auto& service = answer.at("services").as_array()[0];
  CHECK(service.at("service") == "checkout");
  CHECK(service.at("type") == "process_cpu");
  CHECK(service.at("unit") == "nanoseconds");
  CHECK(service.at("samples") == 9);
  CHECK(service.at("first") == kStart);
  CHECK_FALSE(service.as_object().contains("points"));
  auto with_points = site.json("/api/v0/web/profiles/services?points=10").at("services").as_array()[0];
  CHECK(with_points.at("points").as_array().size() == 1);
  CHECK(site.json("/api/v0/web/profiles/services?from=1&until=2").at("services").as_array().empty());
}

TEST_CASE("web: a flame tree in columns, parents before children") {
  StoreFixture site;
  auto answer = site.json("/api/v0/web/profiles/flame?service=checkout");
  CHECK(answer.at("samples") == 9);
  const auto& flame = answer.at("flame").as_object();
  const auto& strings = flame.at("strings").as_array();
  std::size_t nodes = flame.at("name").as_array().size();
  for (auto column : {"module", "kind", "why", "reason", "parent", "total", "self"}) {
    CHECK(flame.at(column).as_array().size() == nodes);
  }
  std::map<std::string, std::string> why, reason;
  for (std::size_t i = 0; i < nodes; ++i) {
    auto parent = flame.at("parent").as_array()[i].as_int64();
    CHECK(parent < static_cast<std::int64_t>(i));
    auto word = [&](const char* column) {
      return std::string(
          strings[static_cast<std::size_t>(flame.at(column).as_array()[i].as_int64())].as_string());
    };
    why[word("name")] = word("why");
    reason[word("name")] = word("reason");
  }
  CHECK(flame.at("parent").as_array()[0] == -1);
  CHECK(flame.at("total").as_array()[0] == answer.at("total"));
  CHECK(why["main"] == "named");
  CHECK(why["libc.so.6+0xbeef"] == "stripped");
  CHECK(why["[unknown]"] == "no_mapping");
  CHECK(reason["libc.so.6+0xbeef"] == "it has no .symtab");
  CHECK(reason["main"].empty());
  auto small = site.json("/api/v0/web/profiles/flame?service=checkout&max_nodes=3").at("flame");
  CHECK(small.at("name").as_array().size() <= 3);
  CHECK(small.at("total").as_array()[0] == answer.at("total"));
}

TEST_CASE("web: a series in steps") {
  StoreFixture site;
  auto answer = site.json("/api/v0/web/profiles/series?service=checkout&step=60");
  CHECK(answer.at("step") == 60);
  REQUIRE(answer.at("points").as_array().size() == 1);
  CHECK(answer.at("points").as_array()[0].as_array()[1] == 9 * 10'309'278);
  // As many points as a page can draw, whatever is asked.
  CHECK(
      site.json("/api/v0/web/profiles/series?service=checkout&from=0&step=1").at("step").to_number<double>() >
      800'000);
}

TEST_CASE("web: what a question may lack") {
  StoreFixture site;
  struct Row {
    const char* target;
    int status;
  };
  const Row rows[] = {{"flame", 400},
                      {"functions", 400},
                      {"functions?service=checkout&by=name", 400},
                      {"functions?service=checkout&limit=x", 400},
                      {"functions?service=no-such", 200},
                      {"diff?service=checkout&before_until=0&before_from=2", 400},
                      {"diff?service=checkout&before_labels=x", 400},
                      {"diff?service=checkout&max_nodes=x", 400},
                      {"diff?service=checkout&by=name", 400},
                      {"diff?service=checkout&by=time", 200},  // there is nothing before
                      {"breakdown?service=checkout", 400},
                      {"breakdown?service=checkout&label=x&store=no.such", 404},
                      {"flame?labels=%7Bhost=%22a%22%7D", 200},
                      {"flame?labels=%7B%7D", 400},
                      {"flame?service=checkout&labels=host=a", 400},
                      {"series", 400},
                      {"pprof", 400},
                      {"folded", 400},
                      {"speedscope?service=no-such", 404},
                      {"html?service=no-such", 404},
                      {"html?service=no-such&before_from=1", 404},
                      {"html?service=checkout&before_until=0&before_from=2", 400},
                      {"html?service=checkout&before_service=other&by=name", 400},
                      {"flame?service=no-such", 200},
                      {"pprof?service=no-such", 404},
                      {"flame?service=checkout&max_nodes=many", 400},
                      {"flame?service=checkout&store=no.such", 404},
                      {"flame?service=checkout&store=pyroscope.store.local", 200},
                      {"flame?service=checkout&from=99999999999999999999", 400},
                      {"flame?service=checkout&until=9223372036854775807", 200},
                      {"services?store=no.such", 404},
                      {"services?points=1000000000", 200}};
  for (const auto& row : rows) {
    CAPTURE(row.target);
    CHECK(site.get(std::string("/api/v0/web/profiles/") + row.target).status == row.status);
  }
}

TEST_CASE("web: the functions of a selection") {
  StoreFixture site;
  auto answer = site.json("/api/v0/web/profiles/functions?service=checkout");
  constexpr std::int64_t kOne = 10'309'278;
  CHECK(answer.at("total") == 9 * kOne);
  CHECK(answer.at("unit") == "nanoseconds");
  CHECK(answer.at("duration") == 15);
  CHECK(answer.at("count") == 7);
  const auto& functions = answer.at("functions").as_array();
  REQUIRE(functions.size() == 7);
  CHECK(functions[0].at("name") == "inner");
  CHECK(functions[0].at("module") == "app");
  CHECK(functions[0].at("kind") == "native");
  CHECK(functions[0].at("why") == "named");
  CHECK(functions[0].at("self") == 5 * kOne);
  CHECK(functions[0].at("total") == 5 * kOne);
  auto by_total = site.json("/api/v0/web/profiles/functions?service=checkout&by=total&limit=1");
  CHECK(by_total.at("count") == 7);
  REQUIRE(by_total.at("functions").as_array().size() == 1);
  CHECK(by_total.at("functions").as_array()[0].at("name") == "main");
  CHECK(by_total.at("functions").as_array()[0].at("total") == 8 * kOne);
  auto nobody = site.json("/api/v0/web/profiles/functions?labels=%7Bhost=%22b%22%7D");
  CHECK(nobody.at("count") == 0);
}

TEST_CASE("web: two selections beside each other") {
  StoreFixture site;
  auto slower = profile::testing::sample_profile();
  slower.start += std::chrono::seconds(100);
  slower.samples[0].value *= 3;
  site.store->add(slower);
  site.clock.now = StoreFixture::from(101'000);
  auto answer = site.json("/api/v0/web/profiles/diff?service=checkout&from=1700000099000");
  constexpr std::int64_t kOne = 10'309'278;
  CHECK(answer.at("after").at("from") == kStart + 99'000);
  CHECK(answer.at("after").at("total") == 19 * kOne);
  CHECK(answer.at("before").at("until") == kStart + 99'000);
  CHECK(answer.at("before").at("from") == kStart + 97'000);
  CHECK(answer.at("before").at("total") == 0);
  answer = site.json(
      "/api/v0/web/profiles/diff?service=checkout&from=1700000099000&before_from=1700000000000&limit=2");
  CHECK(answer.at("before").at("total") == 9 * kOne);
  CHECK(answer.at("count") == 7);
  const auto& functions = answer.at("functions").as_array();
  REQUIRE(functions.size() == 2);
  CHECK(functions[0].at("name") == "inner");
  CHECK(functions[0].at("beforeSelf") == 5 * kOne);
  CHECK(functions[0].at("self") == 15 * kOne);
  const auto& flame = answer.at("flame").as_object();
  CHECK(answer.at("factor") == 1);
  CHECK(flame.at("total").as_array()[0] == 19 * kOne);
  CHECK(flame.at("beforeTotal").as_array()[0] == 9 * kOne);
}

TEST_CASE(
    "web: a comparison with nothing has the unit of what there is, and its tree comes without the table") {
  StoreFixture site;
  for (std::string_view where : {"from=1699999000000&until=1699999001000&before_from=1700000000000",
                                 "from=1700000000000&before_from=1699999000000"}) {
    auto answer = site.json(fmt::format(
        "/api/v0/web/profiles/diff?service=checkout&limit=0&{}&before_until=1700000001000", where));
    INFO(std::string(where));
    CHECK(answer.at("before").at("unit") == "nanoseconds");
    CHECK(answer.at("after").at("unit") == "nanoseconds");
    CHECK_FALSE(answer.as_object().contains("functions"));
    CHECK_FALSE(answer.as_object().contains("count"));
    CHECK(answer.at("flame").as_object().at("name").as_array().size() > 1);
  }
}

TEST_CASE("web: shares by a label") {
  StoreFixture site;
  auto other = profile::testing::sample_profile();
  other.labels = profile::Labels{{"service_name", "billing"}, {"host", "b"}};
  site.store->add(other);
  auto answer = site.json("/api/v0/web/profiles/breakdown?labels=%7Bhost=%22b%22%7D&label=service_name");
  CHECK(answer.at("label") == "service_name");
  REQUIRE(answer.at("values").as_array().size() == 1);
  CHECK(answer.at("values").as_array()[0].at("value") == "billing");
  CHECK(answer.at("values").as_array()[0].at("total") == 9 * 10'309'278);
}

TEST_CASE("web: status adds up what collectors have taken and lost") {
  SiteFixture site;
  auto report = [](std::uint64_t lost) {
    profile::CollectionStats stats{.samples = 100 + lost, .attributed = 100, .map_bytes = 1000};
    stats.losses = {{"ring_full", "Too fast.", lost}, {"process_gone", "Too short.", 0}};
    return std::make_shared<const FakeReport>(stats);
  };
  auto a = node_with("pyroscope.ebpf.a", HealthState::healthy);
  auto b = node_with("pyroscope.ebpf.b", HealthState::waiting);
  auto offer = [](runtime::Node& node, std::shared_ptr<const profile::CollectionReport> service) {
    change(node, [&](auto& s) { s.services.emplace_back(typeid(profile::CollectionReport), service); });
  };
  offer(*a, report(3));
  offer(*b, report(4));
  site.run({a, b});
  auto status = site.json("/api/v0/web/status");
  CHECK(status.at("version") == "1.2.3");
  CHECK(status.at("collection").at("samples") == 207);
  CHECK(status.at("collection").at("lost") == 7);
  CHECK(status.at("collection").at("mapBytes") == 2000);
  CHECK(status.at("collection").at("losses").as_array().size() == 2);
  CHECK(status.at("health").at("healthy") == 1);
  CHECK(status.at("health").at("waiting") == 1);
  CHECK(status.at("process").at("rssBytes").to_number<double>() > 1e6);
}

TEST_CASE("web: status shows a refused config with its place") {
  SiteFixture site;
  runtime::Snapshot snapshot;
  snapshot.ready = true;
  snapshot.last_load.cause = "file changed";
  auto source = lang::Source::make("config.river", "a = 1\nb = nope\n");
  snapshot.last_load.diagnostics = {{.source = source,
                                     .span = {10, 14},
                                     .message = "no \"nope\" <here>",
                                     .notes = {{source, {0, 1}, "but there is an a"}}}};
  site.controller.publish(std::move(snapshot));
  auto load = site.json("/api/v0/web/status").at("lastLoad");
  CHECK(load.at("ok") == false);
  const auto& diagnostic = load.at("diagnostics").as_array()[0];
  CHECK(diagnostic.at("file") == "config.river");
  CHECK(diagnostic.at("line") == 2);
  CHECK(diagnostic.at("column") == 5);
  CHECK(diagnostic.at("endColumn") == 9);
  CHECK(diagnostic.at("message") == "no \"nope\" <here>");
  const auto& note = diagnostic.at("notes").as_array().at(0);
  CHECK(note.at("message") == "but there is an a");
  CHECK(note.at("line") == 1);
  // What the page shows.
  CHECK(diagnostic.at("text").as_string().find("Note: config.river:1:1: but there is an a") !=
        std::string::npos);
}

// Answers nothing until it is let go.
class StuckStore final : public MemoryStore {
 public:
  std::vector<store::ServiceSummary> services(store::TimeRange) const override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
    return {};
  }
  void let_go() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool open_ = false;
};

TEST_CASE("web: a stuck store holds up nobody, and too many questions are refused") {
  auto store = std::make_shared<StuckStore>();
  SiteFixture site;
  site.run({node_with_store(store)});
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<int> statuses;
  constexpr std::size_t kQuestions = 50;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    site.handler({.target = "/api/v0/web/profiles/services"}, [&](net::Response response) {
      std::lock_guard lock(mutex);
      statuses.push_back(response.status);
      changed.notify_all();
      return true;
    });
  }
  auto refused = [&] { return std::ranges::count(statuses, 503); };
  {
    std::lock_guard lock(mutex);
    CHECK(refused() >= 10);
    CHECK(std::ranges::count(statuses, 200) == 0);
  }
  CHECK(site.json("/api/v0/web/status").at("components") == 1);
  store->let_go();
  std::unique_lock lock(mutex);
  CHECK(changed.wait_for(lock, std::chrono::seconds(10), [&] { return statuses.size() == kQuestions; }));
  CHECK(std::ranges::count(statuses, 200) + refused() == kQuestions);
}

TEST_CASE("web: the cost meter takes its share over ten seconds") {
  static Duration cpu;
  cpu = std::chrono::seconds(5);
  MonoTime start{std::chrono::seconds(1000)};
  auto at = [&](double seconds) {
    return start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  };
  CostMeter meter(start, +[] { return cpu; });
  CHECK(meter.measure(start).cpu_percent == 0);
  cpu += std::chrono::seconds(1);
  CHECK(meter.measure(at(2)).cpu_percent == doctest::Approx(50));
  for (int i = 3; i <= 60; ++i) meter.measure(at(i));
  auto idle = meter.measure(at(61));
  CHECK(idle.cpu_percent == 0);
  CHECK(idle.cpu_seconds == doctest::Approx(6));
  CHECK(std::chrono::duration<double>(idle.window).count() < 12);
}

}  // namespace
}  // namespace weir::web::testing
