// Any target and method is answered: with what was asked for, or with a clear error; never with a fault of
// the server.
#include <boost/json.hpp>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "tests/web/fake.h"
#include "web/route.h"

namespace weir::web::testing {

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

struct Machine {
  FakeController controller;
  FakeClock clock;
  MetricRegistry metrics;
  LogHub log{[](std::string_view) {}};
  runtime::Registry registry;
  net::Handler handler = make_handler({.controller = &controller,
                                       .metrics = &metrics,
                                       .log = &log,
                                       .clock = &clock,
                                       .version = "1",
                                       .registry = &registry,
                                       .process_times = [] { return std::vector<ProcessTimes>(); }});

  Machine() {
    runtime::Snapshot snapshot;
    snapshot.ready = true;
    for (const char* id : {"a.b", "m.x", "m.x/a.b"}) snapshot.nodes.push_back(make_node(id));
    auto store = make_node("pyroscope.store.s");
    auto state = std::make_shared<runtime::NodeState>();
    std::shared_ptr<const store::Querier> querier = std::make_shared<MemoryStore>();
    state->services.emplace_back(typeid(store::Querier), querier);
    store->set_state(state);
    snapshot.nodes.push_back(store);
    controller.publish(std::move(snapshot));
  }

  net::Response ask(const net::Request& request) {
    controller.causes.clear();
    std::mutex mutex;
    std::condition_variable came;
    std::optional<net::Response> answer;
    handler(request, [&](net::Response response) {
      std::lock_guard lock(mutex);
      must(!answer);
      answer = std::move(response);
      came.notify_all();
      return true;
    });
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return answer.has_value(); });
    return *std::move(answer);
  }
};

void check(const net::Response& response) {
  must(response.status >= 200 && response.status < 600);
  must(response.status != 500 && response.status != 503);
  must(response.status < 400 || !response.body.empty());
  must(response.body.size() < 1u << 20);
  if (response.headers.get("Content-Type") != "application/json") return;
  boost::json::value answer = boost::json::parse(response.body);
  must(response.status < 400 || answer.at("error").is_string());
}

}  // namespace

// The first byte says which path the rest is a query of; past the last one the rest is the whole target.
void try_all(std::string_view text) {
  static Machine machine;
  if (text.empty()) return;
  auto choice = static_cast<std::size_t>(static_cast<unsigned char>(text.front()));
  text.remove_prefix(1);
  auto all = routes();
  std::string target(text);
  if (choice < all.size()) {
    std::string_view example = all[choice].example;
    target = std::string(example.substr(0, example.find('?'))) + "?" + target;
  }
  for (const char* method : {"GET", "POST"}) check(machine.ask({.method = method, .target = target}));
}

}  // namespace weir::web::testing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::web::testing::try_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
