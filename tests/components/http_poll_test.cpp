// The two components that ask a URL: discovery.http and remote.http.
#include <doctest/doctest.h>

#include <string>

#include "components/discovery/http.h"
#include "components/remote/http.h"
#include "tests/support/component_harness.h"

using namespace std::literals;
using weir::runtime::FetchResponse;
using weir::runtime::HealthState;

namespace {

using Discovery = weir::testing::ComponentHarness<weir::discovery::Http>;
using Remote = weir::testing::ComponentHarness<weir::remote::Http>;

template <class Harness>
weir::testing::FakeFetch* pending(Harness& harness) {
  auto& fetches = harness.world().fetches;
  if (fetches.empty() || fetches.back()->done || fetches.back()->cancelled) return nullptr;
  return fetches.back().get();
}

template <class Harness>
void answer(Harness& harness, weir::Result<FetchResponse> response) {
  auto* fetch = pending(harness);
  REQUIRE(fetch);
  fetch->answer(std::move(response));
  harness.run();
}

FetchResponse json(std::string body, std::string type = "application/json") {
  return {.status = 200, .headers = {{"Content-Type", std::move(type)}}, .body = std::move(body)};
}

std::size_t targets(Discovery& http) {
  auto map = http.world().exports.as_map();
  return map ? map->find("targets")->as_list()->size() : 99;
}

std::string content(Remote& http) {
  auto map = http.world().exports.as_map();
  if (!map) return "(none)";
  return weir::lang::Codec<weir::lang::OptionalSecret>::from_value(*map->find("content"))->text;
}

}  // namespace

TEST_CASE("discovery.http: targets of a server, again and again") {
  Discovery http(R"(url = "http://user:pass@h/sd"
                    refresh_interval = "30s"
                    bearer_token = "t")");
  http.start();
  REQUIRE(pending(http));
  const auto& request = pending(http)->request;
  CHECK(request.url == "http://user:pass@h/sd");
  CHECK(request.total_timeout == 30s);
  CHECK(weir::runtime::FetchResponse{.headers = request.headers}.header("Accept") == "application/json");
  CHECK(weir::runtime::FetchResponse{.headers = request.headers}.header("Authorization") == "Bearer t");
  CHECK(weir::runtime::FetchResponse{.headers = request.headers}.header(
            "X-Prometheus-Refresh-Interval-Seconds") == "30");
  answer(http, json(R"([{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}])"));
  CHECK(targets(http) == 2);
  CHECK(http.world().health.message == "2 targets");
  auto first = *weir::lang::Codec<weir::discovery::Targets>::from_value(
      *http.world().exports.as_map()->find("targets"));
  CHECK(*first[0] ==
        *weir::discovery::Target::make({{"__address__", "a:1"}, {"__meta_url", "http://h/sd"}, {"x", "y"}}));
  CHECK_FALSE(pending(http));
  http.advance(30s);
  answer(http, json("[]", "Application/JSON; charset=\"utf-8\""));
  CHECK(targets(http) == 0);
}

TEST_CASE("discovery.http: an answer of no use leaves the targets as they are") {
  struct Row {
    const char* name;
    weir::Result<FetchResponse> answer;
    const char* message;
  };
  const Row rows[] = {
      {"an error", FetchResponse{.status = 500, .body = "\r\n oh\n<html>"},
       "http://h/sd: the server answered 500: oh"},
      {"no JSON", json("<html>", "text/html"),
       "http://h/sd: the answer is text/html, not application/json: is this a list of targets?"},
      {"no type", json("[]", ""),
       "http://h/sd: the answer is of no type, not application/json: is this a list of targets?"},
      {"cut", json(R"([{"targets": ["a)"), "http://h/sd: the list of targets is not JSON: incomplete JSON"},
      {"not a list", json("{}"), "http://h/sd: the list of targets is not a list of groups"},
      {"refused", weir::fail("GET http://h/sd: connect to h:80: connection refused"),
       "http://h/sd: connect to h:80: connection refused"},
  };
  Discovery http("url = \"http://h/sd\"");
  http.start();
  answer(http, json(R"([{"targets": ["a:1"]}])"));
  for (const auto& row : rows) {
    CAPTURE(row.name);
    http.advance(60s);
    answer(http, row.answer);
    CHECK(targets(http) == 1);
    CHECK(http.world().health.state == HealthState::unhealthy);
    CHECK(http.world().health.message.starts_with(std::string(row.message) +
                                                  "; 1 target of before stay; weir tries again in "));
  }
  // Sooner than refresh_interval at first.
  http.advance(60s);
  answer(http, json("[]"));
  CHECK(http.world().health.state == HealthState::healthy);
  http.advance(60s);
  answer(http, weir::fail("x"));
  http.advance(2s);
  CHECK(pending(http));
}

TEST_CASE("discovery.http: what a config may not say") {
  for (const char* body : {R"(url = "")", R"(url = "ftp://h")", R"(url = "unix:///x")", R"(url = "h")", ""}) {
    CAPTURE(body);
    CHECK_FALSE(weir::testing::decode_text<weir::discovery::Http::Arguments>(body));
  }
}

TEST_CASE("remote.http: the content of an answer") {
  Remote http(R"(url = "http://h/x"
                 method = "POST"
                 body = "ask"
                 headers = {"X-A" = "b"}
                 client {
                   bearer_token = "t"
                 })");
  http.start();
  REQUIRE(pending(http));
  const auto& request = pending(http)->request;
  CHECK(request.method == "POST");
  CHECK(request.body == "ask");
  CHECK(request.total_timeout == 10s);
  CHECK(weir::runtime::FetchResponse{.headers = request.own_headers}.header("X-A") == "b");
  CHECK(weir::runtime::FetchResponse{.headers = request.headers}.header("Authorization") == "Bearer t");
  CHECK(content(http) == "(none)");
  answer(http, FetchResponse{.status = 200, .body = "one"});
  CHECK(content(http) == "one");
  CHECK(http.world().health.message == "3 B");
  http.advance(60s);
  answer(http, FetchResponse{.status = 200, .body = ""});
  CHECK(http.world().health.message == "0 B: the answer is empty");
  http.advance(60s);
  answer(http, FetchResponse{.status = 200, .body = "one"});

  http.advance(60s);
  answer(http, FetchResponse{.status = 204});
  CHECK(content(http) == "one");
  CHECK(http.world().health.message.starts_with(
      "http://h/x: the server answered 204; the last content stays; "));
  http.advance(2s);
  answer(http, FetchResponse{.status = 200, .body = "two"});
  CHECK(content(http) == "two");
  CHECK(http.world().health.state == HealthState::healthy);

  // Another one is asked at once.
  http.apply(R"(url = "http://h/y"
                is_secret = true)");
  answer(http, FetchResponse{.status = 200, .body = "hush"});
  CHECK(content(http) == "hush");
  CHECK(weir::lang::describe(http.world().exports).find("hush") == std::string::npos);
}

TEST_CASE("remote.http: what a config may not say") {
  for (const char* body : {R"(url = "h")", R"(url = "http://h"
                                              poll_timeout = "1m")",
                           R"(url = "http://h"
                              method = "GE T")",
                           R"(url = "http://h"
                              headers = {"a b" = "c"})"}) {
    CAPTURE(body);
    CHECK_FALSE(weir::testing::decode_text<weir::remote::Http::Arguments>(body));
  }
}
