// A page's handler over made-up parts, and requests to it.
#pragma once

#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "doctest/doctest.h"
#include "tests/web/fake.h"

namespace weir::web::testing {

struct SiteFixture {
  FakeController controller;
  FakeClock clock;
  MetricRegistry metrics;
  LogHub log{[](std::string_view) {}};
  std::vector<ProcessTimes> processes;  // of the machine
  std::string passed_on;
  WebOptions options{
      .controller = &controller,
      .metrics = &metrics,
      .log = &log,
      .clock = &clock,
      .version = "1.2.3",
      .process_times = [this] { return processes; },
      .component_handler =
          [this](std::string_view id, std::string_view rest, const net::Request&, const net::Reply& reply) {
            passed_on = std::string(id) + "|" + std::string(rest);
            reply(net::Response::text(200, "from the component"));
          }};
  net::Handler handler = make_handler(options);
  net::Handler closed = make_closed_handler(controller, "/weir");

  // The answer, also one that comes from the worker.
  net::Response ask(net::Request request) { return ask(handler, std::move(request)); }
  static net::Response ask(const net::Handler& handler, net::Request request) {
    std::mutex mutex;
    std::condition_variable came;
    std::optional<net::Response> answer;
    handler(request, [&](net::Response response) {
      std::lock_guard lock(mutex);
      answer = std::move(response);
      came.notify_all();
      return true;
    });
    std::unique_lock lock(mutex);
    REQUIRE(came.wait_for(lock, std::chrono::seconds(10), [&] { return answer.has_value(); }));
    return *std::move(answer);
  }

  net::Response get(std::string target) { return ask({.method = "GET", .target = std::move(target)}); }

  boost::json::value json(std::string target) {
    auto response = get(std::move(target));
    INFO(response.body);
    REQUIRE(response.status == 200);
    return boost::json::parse(response.body);
  }

  // Publishes these nodes as the running graph.
  void run(std::vector<std::shared_ptr<runtime::Node>> nodes) {
    runtime::Snapshot snapshot;
    snapshot.ready = true;
    for (auto& node : nodes) snapshot.nodes.push_back(std::move(node));
    controller.publish(std::move(snapshot));
  }
};

inline std::shared_ptr<runtime::Node> node_with(std::string id, runtime::HealthState health,
                                                std::string message = "") {
  auto node = make_node(std::move(id));
  auto state = std::make_shared<runtime::NodeState>();
  WallTime then(std::chrono::seconds(1'700'000'000));
  state->health = {health, std::move(message), then, then};
  node->set_state(state);
  return node;
}

inline void change(runtime::Node& node, const std::function<void(runtime::NodeState&)>& edit) {
  auto state = std::make_shared<runtime::NodeState>(*node.state());
  edit(*state);
  node.set_state(state);
}

}  // namespace weir::web::testing
