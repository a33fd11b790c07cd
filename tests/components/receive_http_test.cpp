#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "components/pyroscope/push_request.h"
#include "components/pyroscope/receive_http.h"
#include "net/http.h"
#include "tests/profile/sample_profile.h"
#include "tests/support/component_harness.h"

using namespace std::literals;

namespace weir {
namespace {

using pyroscope::ReceiveHttp;

class Sink final : public pyroscope::ProfileReceiver {
 public:
  void push(profile::ProfilePtr profile) const override { profiles.push_back(std::move(profile)); }
  mutable std::vector<profile::ProfilePtr> profiles;
};

ReceiveHttp::Arguments arguments(const std::shared_ptr<Sink>& sink) {
  ReceiveHttp::Arguments args;
  args.forward_to = {sink};
  args.http.listen_address = "127.0.0.1";
  args.http.listen_port = 0;
  args.max_body_bytes = 1 << 20;
  return args;
}

class Harness : public testing::ComponentHarness<ReceiveHttp> {
 public:
  explicit Harness(const std::shared_ptr<Sink>& sink) : Harness(arguments(sink)) {}
  explicit Harness(ReceiveHttp::Arguments args) : ComponentHarness(std::move(args)) { start(); }

  std::int64_t number(std::string_view name) {
    // Of a whole number there are two kinds.
    for (const auto& statement : world().debug_info->statements) {
      if (statement.name == name)
        return statement.value.as_uint() ? static_cast<std::int64_t>(*statement.value.as_uint())
                                         : *statement.value.as_int();
    }
    return -1;
  }
  // The answer: status and body. Nothing runs until somebody lets it.
  std::future<std::string> begin(std::string method, std::string path, std::string type, std::string body) {
    net::ClientRequest request{.method = std::move(method),
                               .url = fmt::format("http://127.0.0.1:{}{}", number("port"), path),
                               .body = std::move(body)};
    request.headers.set("Content-Type", type);
    auto promise = std::make_shared<std::promise<std::string>>();
    auto take = [promise](Result<net::ClientResponse> got) {
      promise->set_value(got ? fmt::format("{} {}", got->status, got->body) : got.error().message);
    };
    pending_ = client_->send(std::move(request), {.on_head = {}, .on_data = {}, .on_done = take});
    return promise->get_future();
  }
  std::string send(std::string method, std::string path, std::string type, std::string body) {
    auto answer = begin(std::move(method), std::move(path), std::move(type), std::move(body));
    REQUIRE(world().wait_until([&] { return answer.wait_for(0s) == std::future_status::ready; }));
    return answer.get();
  }

 private:
  std::unique_ptr<net::Client> client_ = net::Client::create();
  std::unique_ptr<net::Pending> pending_;
};

}  // namespace

TEST_CASE("pyroscope.receive_http hands over what agents and SDKs send") {
  auto sink = std::make_shared<Sink>();
  Harness component(sink);
  CHECK(component.world().health.message.ends_with("no profile has come yet"));
  profile::Profile profile = profile::testing::sample_profile();
  std::string push = pyroscope::encode_push(profile, {}).at(0)->body;
  CHECK(component.send("POST", "/push.v1.PusherService/Push", "application/proto", push) == "200 ");
  CHECK(component.send("POST", "/push.v1.PusherService/Push", "application/json", R"({"series": []})") ==
        "200 {}");
  CHECK(component.send("POST", "/ingest?name=shop", "text/plain", "main;work 3") == "200 ");
  REQUIRE(sink->profiles.size() == 2);
  CHECK(sink->profiles[0]->id == profile.id);
  CHECK(sink->profiles[0]->total() == profile.total());
  CHECK(sink->profiles[1]->labels.get("service_name") == "shop");
  component.advance(5s);
  CHECK(component.number("requests") == 3);
  CHECK(component.number("profiles") == 2);
  CHECK(component.world().health.message == "2 profiles received, the last 5 s ago");
}

TEST_CASE("pyroscope.receive_http says what it does not take, and counts it") {
  auto sink = std::make_shared<Sink>();
  Harness component(sink);
  CHECK(component.send("POST", "/push.v1.PusherService/Push", "application/proto", "\xff") ==
        R"(400 {"code":"invalid_argument","message":"the body is no push.v1.PushRequest"})");
  CHECK(component.send("GET", "/ingest?name=a", "", "") == "405 only POST is taken here\n");
  CHECK(component.send("POST", "/other", "", "").starts_with("404 there is nothing at this path"));
  CHECK(component.send("POST", "/ingest?name=a&format=jfr", "", "x").starts_with("422 "));
  CHECK(component.send("POST", "/ingest?name=a", "", std::string(2 << 20, 'a')).starts_with("413"));
  CHECK(sink->profiles.empty());
  std::string metrics = component.world().registry.expose();
  for (const char* reason : {"malformed", "method", "path", "format"}) {
    CAPTURE(reason);
    CHECK(metrics.contains(fmt::format("reason=\"{}\"}} 1", reason)));
  }
}

TEST_CASE("pyroscope.receive_http does not hand over what its sender will send again") {
  auto sink = std::make_shared<Sink>();
  ReceiveHttp::Arguments args = arguments(sink);
  args.http.server_write_timeout = 100ms;
  Harness component(args);
  // Nothing runs until the sender was told that it took too long.
  auto answer = component.begin("POST", "/ingest?name=shop", "text/plain", "main;work 3");
  CHECK(answer.get().starts_with("503 no answer within"));
  component.run();
  CHECK(sink->profiles.empty());
  component.advance(5s);
  CHECK(component.number("profiles") == 0);
  CHECK(component.number("waiting_bytes") == 0);
  CHECK(component.world().registry.expose().contains("reason=\"too_slow\"} 1"));
}

TEST_CASE("pyroscope.receive_http counts the memory of profiles until no receiver has them") {
  auto sink = std::make_shared<Sink>();
  Harness component(sink);
  CHECK(component.send("POST", "/ingest?name=shop", "text/plain", "main;work 3") == "200 ");
  component.advance(5s);
  CHECK(component.number("waiting_bytes") > 0);
  sink->profiles.clear();
  component.advance(5s);
  CHECK(component.number("waiting_bytes") == 0);
}

TEST_CASE("pyroscope.receive_http waits for a port that is taken, and moves to another") {
  auto sink = std::make_shared<Sink>();
  Harness first(sink);
  ReceiveHttp::Arguments args = arguments(sink);
  args.http.listen_port = first.number("port");
  testing::ComponentHarness<ReceiveHttp> second(args);
  second.start();
  CHECK(second.world().health.state == runtime::HealthState::unhealthy);
  SUBCASE("the port becomes free") {
    first.stop();
    second.advance(3s);
  }
  SUBCASE("another port is named") {
    args.http.listen_port = 0;
    second.apply(args);
  }
  CHECK(second.world().health.state == runtime::HealthState::healthy);
}

}  // namespace weir
