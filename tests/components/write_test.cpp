#include <doctest/doctest.h>

#include <string>

#include "components/pyroscope/push.pb.h"
#include "components/pyroscope/push_request.h"
#include "components/pyroscope/write.h"
#include "profile/pprof.h"
#include "tests/support/component_harness.h"

using namespace std::literals;
using weir::pyroscope::Endpoint;
using weir::pyroscope::ReceiverPtr;
using weir::pyroscope::Write;
using weir::runtime::FetchResponse;
using weir::runtime::HealthState;

namespace {

class Harness {
 public:
  explicit Harness(std::string_view body, Endpoint::Limits limits = {})
      : write_(world, arguments(body), limits) {
    write_.start();
    world.run();
  }
  ~Harness() {
    write_.stop();
    world.close();
  }
  void push(std::string service = "shop") {
    auto profile = std::make_shared<weir::profile::Profile>();
    profile->id = weir::profile::ProfileId::random();
    profile->labels = {
        {"service_name", std::move(service)}, {"__process_pid__", "3"}, {"__name__", "process_cpu"}};
    receiver()->push(std::move(profile));
    world.run();
  }
  ReceiverPtr receiver() const {
    return weir::lang::Codec<ReceiverPtr>::from_value(*world.exports.as_map()->find("receiver")).value();
  }
  void apply(std::string_view body) {
    write_.apply(arguments(body));
    world.run();
  }
  std::size_t requests() const { return world.fetches.size(); }
  void answer(weir::Result<FetchResponse> response) {
    world.fetches.back()->answer(std::move(response));
    world.run();
  }
  double metric(const std::string& series) const {
    std::string text = world.registry.expose();
    std::size_t at = text.find("\n" + series);
    if (at == std::string::npos) return -1;
    return std::stod(text.substr(text.find("} ", at) + 2));
  }

  weir::testing::FakeContext world{"pyroscope.write.test"};

 private:
  static Write::Arguments arguments(std::string_view body) {
    auto decoded = weir::testing::decode_text<Write::Arguments>(body);
    if (!decoded) FAIL(decoded.error());
    return *decoded;
  }
  Write write_;
};

constexpr std::string_view kOne = "endpoint {\n url = \"http://one:4040/base/\"\n}";
constexpr std::string_view kTwo =
    "endpoint {\n url = \"http://one:4040\"\n}\nendpoint {\n url = \"http://two:4040\"\n}";

std::string header(const weir::runtime::FetchRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("pyroscope.write: route, headers and message of a push") {
  Harness write(R"(
    external_labels = {cluster = "c1", gone = ""}
    endpoint {
      url = "http://one:4040/base/"
      headers = {"X-Scope-OrgID" = "t1"}
      basic_auth {
        username = "u"
        password = "p"
      }
    })");
  write.push();
  REQUIRE(write.requests() == 1);
  const auto& request = write.world.fetches[0]->request;
  CHECK(request.method == "POST");
  CHECK(request.url == "http://one:4040/base/push.v1.PusherService/Push");
  CHECK(header(request, "Content-Type") == "application/proto");
  CHECK(header(request, "Connect-Protocol-Version") == "1");
  CHECK(header(request, "Connect-Timeout-Ms") == "10000");
  CHECK(header(request, "User-Agent").starts_with("weir/"));
  CHECK(header(request, "X-Scope-OrgID") == "t1");
  CHECK(header(request, "Authorization") == "Basic dTpw");
  CHECK(request.total_timeout == 10s);

  push::v1::PushRequest message;
  REQUIRE(message.ParseFromString(request.body));
  REQUIRE(message.series_size() == 1);
  std::string labels;
  for (const auto& label : message.series(0).labels()) labels += label.name() + "=" + label.value() + " ";
  CHECK(labels == "__name__=process_cpu cluster=c1 service_name=shop ");
  REQUIRE(message.series(0).samples_size() == 1);
  CHECK(message.series(0).samples(0).id().size() == 36);
  CHECK(weir::profile::decode_pprof(message.series(0).samples(0).raw_profile(), 1 << 20));
}

TEST_CASE("pyroscope.write: labels that are no UTF-8 are mended, or the server would refuse the push") {
  weir::profile::Profile profile;
  profile.labels = {{"service_name", "a\xff\xc3(b\xc3\xa9"}, {"__name__", "process_cpu"}};
  auto labels = weir::pyroscope::outgoing_labels(profile, {{"zone", "\x80"}});
  CHECK(labels.get("service_name") == "a\xef\xbf\xbd\xef\xbf\xbd(b\xc3\xa9");
  CHECK(labels.get("zone") == "\xef\xbf\xbd");
}

TEST_CASE("pyroscope.write: a password in an address is shown nowhere") {
  Harness write("endpoint {\n url = \"http://user:hidden@one:4040/a@b\"\n max_backoff_retries = 1\n}");
  write.push();
  write.answer(FetchResponse{.status = 500});
  CHECK(write.world.health.message.find("http://one:4040/a@b: the server answered 500") == 0);
  CHECK(write.world.registry.expose().find("hidden") == std::string::npos);
  CHECK(write.world.log_lines.size() == 2);
  for (const auto& line : write.world.log_lines) CHECK(line.find("hidden") == std::string::npos);
}

TEST_CASE("pyroscope.write: what each answer leads to") {
  struct Row {
    weir::Result<FetchResponse> answer;
    std::size_t requests_after_a_minute;
    HealthState state;
  };
  const Row rows[] = {
      {FetchResponse{.status = 200}, 1, HealthState::healthy},
      {FetchResponse{.status = 200, .body = "<html>Please log in</html>"}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 204}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 302}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 400, .body = "no"}, 1, HealthState::unhealthy},
      {FetchResponse{.status = 401}, 1, HealthState::unhealthy},
      {FetchResponse{.status = 413}, 1, HealthState::unhealthy},
      {FetchResponse{.status = 408}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 429}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 500}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 503}, 2, HealthState::unhealthy},
      {weir::fail("connect to one: connection refused"), 2, HealthState::unhealthy},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answer ? row.answer->status : 0);
    Harness write(kOne);
    write.push();
    write.answer(row.answer);
    CHECK(write.world.health.state == row.state);
    write.world.advance(1min);
    CHECK(write.requests() == row.requests_after_a_minute);
  }
}

TEST_CASE("pyroscope.write: a profile is given up after max_backoff_retries tries, with its reason") {
  Harness write(R"(endpoint {
    url = "http://one:4040"
    max_backoff_retries = 3
  })");
  write.push();
  for (int i = 0; i < 3; ++i) {
    write.answer(FetchResponse{.status = 503, .body = "busy\n"});
    write.world.advance(10min);
  }
  CHECK(write.requests() == 3);
  CHECK(write.metric("pyroscope_write_retries_total{") == 2);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == 1);
  CHECK(write.world.registry.expose().find("reason=\"http_503\"") != std::string::npos);
  CHECK(write.world.health.message.find("the server answered 503: busy") != std::string::npos);
  // The next one that goes through makes it healthy again.
  write.push();
  write.answer(FetchResponse{.status = 200});
  CHECK(write.world.health.message == "last success 0 s ago, queue 0");
  CHECK(write.metric("pyroscope_write_sent_profiles_total{") == 1);
  CHECK(write.metric("pyroscope_write_sent_bytes_total{") > 0);
}

TEST_CASE("pyroscope.write: waits as long as the server asks for") {
  Harness write(kOne);
  write.push();
  write.answer(FetchResponse{.status = 429, .headers = {{"Retry-After", "30"}}});
  write.world.advance(29s);
  CHECK(write.requests() == 1);
  write.world.advance(1s);
  CHECK(write.requests() == 2);
}

TEST_CASE("pyroscope.write: a dead endpoint does not hold up the other one") {
  Harness write(kTwo);
  for (int i = 0; i < 3; ++i) {
    write.push();
    for (auto& fetch : std::vector(write.world.fetches)) {
      bool one = fetch->request.url.starts_with("http://one");
      if (!fetch->done && one) fetch->answer(weir::fail("no route"));
      if (!fetch->done && !one) fetch->answer(FetchResponse{.status = 200});
    }
    write.world.run();
  }
  std::size_t two = 0;
  for (const auto& fetch : write.world.fetches) two += fetch->request.url.starts_with("http://two");
  CHECK(two == 3);
  CHECK(write.world.health.state == HealthState::unhealthy);
  CHECK(write.world.health.message.find(
            "http://one:4040: no route, for 0 s, 3 profiles waiting; next try in") != std::string::npos);
  CHECK(write.world.health.message.find("last success 0 s ago, queue 0") != std::string::npos);
}

TEST_CASE("pyroscope.write: a full queue drops the oldest, counted") {
  Harness write(kOne, {.queue_count = 2, .queue_bytes = 1 << 20, .in_flight = 1});
  for (const char* service : {"first", "second", "third", "fourth"}) write.push(service);
  CHECK(write.requests() == 1);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == 1);
  write.answer(FetchResponse{.status = 200});
  REQUIRE(write.requests() == 2);
  CHECK(write.world.fetches[1]->request.body.find("third") != std::string::npos);
}

TEST_CASE("pyroscope.write: several requests are on their way to a healthy server, one to a failing") {
  Harness write(kOne, {.in_flight = 4});
  for (int i = 0; i < 10; ++i) write.push();
  CHECK(write.requests() == 4);
  for (auto& fetch : std::vector(write.world.fetches)) fetch->answer(FetchResponse{.status = 500});
  write.world.run();
  CHECK(write.requests() == 4);
  write.world.advance(2s);
  CHECK(write.requests() == 5);
  write.answer(FetchResponse{.status = 200});
  CHECK(write.requests() == 9);
}

TEST_CASE("pyroscope.write: an update keeps the receiver, the queues, and ends a pause") {
  Harness write(kOne);
  auto receiver = write.receiver();
  write.push();
  write.answer(FetchResponse{.status = 401});
  write.push();
  write.answer(FetchResponse{.status = 503});
  write.apply("endpoint {\n url = \"http://one:4040/base/\"\n bearer_token = \"t\"\n}");
  CHECK(write.receiver() == receiver);
  REQUIRE(write.requests() == 3);
  CHECK(header(write.world.fetches[2]->request, "Authorization") == "Bearer t");
  write.apply("");
  CHECK(write.world.health.message == "no endpoint is configured: profiles go nowhere");
  CHECK(write.world.registry.expose().find("reason=\"endpoint_removed\"") != std::string::npos);
  write.push();
  CHECK(write.requests() == 3);
}

TEST_CASE("pyroscope.write: what a config may not say") {
  struct Row {
    const char* body;
    const char* error;
  };
  const Row rows[] = {
      {"endpoint { }", "url"},
      {"endpoint { url = \"one\" }", "\"one\" is not an http:// or https:// address"},
      {"endpoint {\n url = \"http://a\"\n min_backoff_period = \"10m\"\n}", "must not be larger"},
      {"endpoint {\n url = \"http://a\"\n bearer_token = \"a\"\n bearer_token_file = \"b\"\n}",
       "bearer_token"},
      {"endpoint {\n url = \"http://a\"\n remote_timout = \"1s\"\n}", "remote_timeout"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    auto decoded = weir::testing::decode_text<Write::Arguments>(row.body);
    REQUIRE_FALSE(decoded);
    CHECK_MESSAGE(decoded.error().find(row.error) != std::string::npos, decoded.error());
  }
}
