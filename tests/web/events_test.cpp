// What the page is told without asking.
#include <time.h>

#include <vector>

#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

using runtime::HealthState;

struct Event {
  std::string name, id;
  boost::json::value data;
};

// As a browser reads them; lines of other kinds are not sent.
std::vector<Event> parse(std::string_view text) {
  std::vector<Event> events;
  while (!text.empty()) {
    auto end = text.find("\n\n");
    REQUIRE(end != std::string_view::npos);
    Event event;
    for (std::string_view block = text.substr(0, end + 1); !block.empty();) {
      std::string_view line = block.substr(0, block.find('\n'));
      block.remove_prefix(line.size() + 1);
      std::string_view value = line.substr(line.find(": ") + 2);
      if (line.starts_with("event: ")) event.name = value;
      if (line.starts_with("id: ")) event.id = value;
      if (line.starts_with("data: ")) event.data = boost::json::parse(value);
    }
    events.push_back(std::move(event));
    text.remove_prefix(end + 2);
  }
  return events;
}

struct EventsFixture : SiteFixture {
  EventsFixture() { controller.revisions = std::make_shared<runtime::Revisions>(); }

  net::EventStream open(net::Request request) {
    auto response = ask(std::move(request));
    CHECK(response.headers.get("Content-Type") == "text/event-stream");
    CHECK(response.headers.get("Cache-Control") == "no-store");
    REQUIRE(response.events);
    return *response.events;
  }
  net::EventStream open(std::string_view since = "") {
    return open({.target = fmt::format("/api/v0/web/events?since={}", since)});
  }

  // What a second later there is to tell, the topics joined; "" where none has changed.
  std::string changed(net::EventStream& stream) {
    clock.now += std::chrono::seconds(1);
    std::string names;
    for (const Event& event : parse(stream.next())) {
      if (event.name == "status") last_status = event.data;
      statuses += event.name == "status" ? 1 : 0;
      if (event.name != "changed") continue;
      last_id = event.id;
      for (const auto& name : event.data.as_array()) {
        names += (names.empty() ? "" : " ") + std::string(name.as_string());
      }
    }
    return names;
  }

  // As the runtime does it.
  void change_counted(runtime::Node& node, const std::function<void(runtime::NodeState&)>& edit) {
    auto before = node.state();
    change(node, edit);
    controller.revisions->count(*before, *node.state());
  }

  boost::json::value last_status;
  std::string last_id;
  int statuses = 0;
};

constexpr const char* kAll = "components component graph config profiles targets";

TEST_CASE("events: all at first, then what has changed, and nothing while nothing does") {
  EventsFixture site;
  auto node = node_with("a.b", HealthState::healthy, "fine");
  site.run({node});
  auto stream = site.open();
  CHECK(stream.every == std::chrono::seconds(1));
  CHECK(site.changed(stream) == kAll);
  CHECK(site.changed(stream).empty());
  struct Row {
    const char* what;
    std::function<void()> happens;
    const char* topics;
  };
  auto set = [&](auto edit) { return [&site, &node, edit] { site.change_counted(*node, edit); }; };
  auto service = std::make_shared<const FakeReport>(profile::CollectionStats{});
  const Row rows[] = {
      {"a load", [&] { site.run({node}); }, kAll},
      {"another message", set([](auto& s) { s.health.message = "finer"; }), "components component graph"},
      {"another state", set([](auto& s) { s.health.state = HealthState::unhealthy; }),
       "components component graph"},
      {"exports", set([](auto& s) { s.exports = lang::Value::object({}); }), "component graph"},
      {"debug info", set([](auto& s) { s.debug_info = std::make_shared<lang::BodyValue>(); }), "component"},
      {"a line", [&] { Logger(site.log, "a.b").info("said"); }, "component"},
      {"a collector", set([&](auto& s) {
         s.services.emplace_back(typeid(profile::CollectionReport),
                                 std::static_pointer_cast<const profile::CollectionReport>(service));
       }),
       "component targets"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    row.happens();
    CHECK(site.changed(stream) == row.topics);
    CHECK(site.changed(stream).empty());
  }
}

TEST_CASE("events: profiles that stores receive and that are handed over") {
  EventsFixture site;
  auto store = std::make_shared<MemoryStore>();
  auto node = node_with("pyroscope.store.local", HealthState::healthy);
  change(*node, [&](auto& s) {
    s.services.emplace_back(typeid(store::Querier), std::static_pointer_cast<const store::Querier>(store));
  });
  site.run({node});
  auto stream = site.open();
  site.changed(stream);
  store->add({});
  CHECK(site.changed(stream) == "profiles");
  CHECK(site.changed(stream).empty());
  // One that is closed is not kept open by who reads.
  change(*node, [](auto& s) { s.services.clear(); });
  std::weak_ptr<MemoryStore> watched = store;
  store.reset();
  CHECK(watched.expired());
  CHECK(site.changed(stream) == "profiles");
}

TEST_CASE("events: who comes back is told what has changed meanwhile") {
  EventsFixture site;
  site.run({});
  auto stream = site.open();
  site.changed(stream);
  std::string id = site.last_id;
  auto again = site.open(id);
  CHECK(site.changed(again).empty());
  CHECK(site.statuses == 2);
  Logger(site.log, "a.b").info("said");
  auto later = site.open(id);
  CHECK(site.changed(later) == "component");
  // As browsers say it by themselves.
  net::Request request{.target = "/api/v0/web/events"};
  request.headers.set("Last-Event-ID", id);
  auto by_header = site.open(request);
  CHECK(site.changed(by_header) == "component");
  for (std::string_view strange : {"x", "1-2", "1-1-1-1-1-1-1", "1800000000000-1-1-1-1-1-x"}) {
    CAPTURE(strange);
    auto other = site.open(strange);
    CHECK(site.changed(other) == kAll);
  }
}

TEST_CASE("events: the status, when it is another or nothing was said for long") {
  EventsFixture site;
  auto node = node_with("a.b", HealthState::healthy);
  site.run({node});
  auto stream = site.open();
  site.changed(stream);
  REQUIRE(site.statuses == 1);
  CHECK(site.last_status.at("health").at("healthy").as_int64() == 1);
  CHECK(site.last_status.at("version").as_string() == "1.2.3");
  CHECK(site.last_status.as_object().contains("uptime"));
  site.change_counted(*node, [](auto& s) { s.health.state = HealthState::unhealthy; });
  site.changed(stream);
  CHECK(site.last_status.at("health").at("unhealthy").as_int64() == 1);
  CHECK(site.last_status.at("health").at("healthy").as_int64() == 0);
  site.clock.now += std::chrono::seconds(15);
  int before = site.statuses;
  site.changed(stream);
  CHECK(site.statuses == before + 1);
}

// By the CPU time of this thread: others may be busy meanwhile.
Duration time_of_ticks(std::size_t components) {
  EventsFixture site;
  std::vector<std::shared_ptr<runtime::Node>> nodes;
  for (std::size_t i = 0; i < components; ++i)
    nodes.push_back(node_with(fmt::format("a.b{}", i), HealthState::healthy));
  site.run(std::move(nodes));
  auto stream = site.open();
  site.changed(stream);
  auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  auto begun = now();
  for (int i = 0; i < 200; ++i) site.changed(stream);
  return now() - begun;
}

TEST_CASE("events: to find out that nothing has changed takes no longer with 10,000 components") {
  Duration few = time_of_ticks(10), many = time_of_ticks(10'000);
  MESSAGE("a tick: ", few.count() / 200, " ns with 10 components, ", many.count() / 200, " ns with 10,000");
  CHECK(many < 3 * few);
}

}  // namespace
}  // namespace weir::web::testing
