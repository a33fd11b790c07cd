#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "components/pyroscope/push.pb.h"
#include "components/pyroscope/push_request.h"
#include "profile/pprof.h"
#include "tests/components/write_harness.h"

namespace weir::tests {

using namespace std::literals;
using Harness = WriteHarness;

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
      {FetchResponse{.status = 401}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 403}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 404}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 415}, 2, HealthState::unhealthy},
      {FetchResponse{.status = 422}, 1, HealthState::unhealthy},
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
  CHECK(write.world.health.message == "no profile was sent yet: none came in");
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
  CHECK(write.world.health.message ==
        "1 profile sent, the last 0 s ago, 0 waiting; http://one:4040: 1 profile given up, the last 10 min "
        "ago as: the server answered 503: busy (tried 3 times)");
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
  CHECK(write.world.health.message.ends_with("3 profiles sent, the last 0 s ago, 0 waiting"));
}

TEST_CASE("pyroscope.write: a full queue drops the oldest, counted") {
  std::string memory_only = std::string(kOne) + "\nqueue {\n max_bytes = 0\n}";
  Harness write(memory_only, {.endpoint = {.in_flight = 1}, .memory_count = 2, .memory_bytes = 1 << 20});
  for (const char* service : {"first", "second", "third", "fourth"}) write.push(service);
  CHECK(write.requests() == 1);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == 1);
  write.answer(FetchResponse{.status = 200});
  REQUIRE(write.requests() == 2);
  CHECK(write.world.fetches[1]->request.body.find("third") != std::string::npos);
}

TEST_CASE("pyroscope.write: several requests are on their way to a healthy server, one to a failing") {
  Harness write(kOne, {.endpoint = {.in_flight = 4}});
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
  write.answer(FetchResponse{.status = 400});
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

TEST_CASE("pyroscope.write: a profile larger than the server says it takes is sent in parts") {
  Harness write(kOne);
  Server server([](const std::vector<Sent>& sent) {
    if (sent[0].profile.samples.size() <= 30) return FetchResponse{.status = 200};
    return FetchResponse{.status = 400, .body = "uncompressed profile payload size exceeds limit of 4.2 MB"};
  });
  write.push("shop", 100);
  write.serve(std::ref(server));
  CHECK(server.services["shop"] == 4);
  CHECK(server.total == 100 * 101 / 2);
  CHECK(write.metric("pyroscope_write_sent_profiles_total{") == 1);
  CHECK(write.world.health.state == HealthState::healthy);
  // One sample cannot be halved.
  Server none([](const auto&) { return FetchResponse{.status = 413}; });
  write.push("shop", 2);
  write.serve(std::ref(none));
  CHECK(write.world.registry.expose().find("profiles_total{component_id=\"pyroscope.write.test\","
                                           "endpoint=\"http://one:4040/base/\",reason=\"too_large\"} 1\n") !=
        std::string::npos);
}

TEST_CASE("pyroscope.write: what every server finds too large is sent in parts at once") {
  Harness write(kOne);
  Server server;
  write.push("shop", 16'001);
  write.serve(std::ref(server));
  CHECK(server.services["shop"] == 2);
  CHECK(server.total == 16'001LL * 16'002 / 2);
}

TEST_CASE("pyroscope.write: labels a server does not take are cut or left out") {
  weir::profile::Profile profile;
  std::vector<weir::profile::Labels::Pair> pairs{
      {"service_name", std::string(2047, 'x') + "\xc3\xa9"}, {"", "nameless"}, {std::string(1025, 'n'), "v"}};
  for (int i = 0; i < 40; ++i) pairs.emplace_back("label" + std::to_string(i), "v");
  profile.labels = weir::profile::Labels(pairs);
  std::uint64_t cleaned = 0;
  auto labels = weir::pyroscope::outgoing_labels(profile, {{"zone", "a"}}, &cleaned);
  CHECK(labels.pairs().size() == 30);
  CHECK(labels.get("service_name") == std::string(2047, 'x'));
  CHECK(labels.get("__name__") == "process_cpu");
  CHECK(labels.get("zone") == "a");
  CHECK(cleaned == 2 + 44 - 30);
}

TEST_CASE("pyroscope.write: one that is refused does not cost the others of its request") {
  Harness write(kOne, {.endpoint = {.in_flight = 1}});
  for (int i = 0; i < 12; ++i) write.push("s" + std::to_string(i), 1);
  Server server([](const std::vector<Sent>& sent) {
    for (const auto& one : sent) {
      if (one.service == "s5") return FetchResponse{.status = 400, .body = "empty profile"};
    }
    return FetchResponse{.status = 200};
  });
  write.serve(std::ref(server));
  CHECK(names_of(server) == "s0 s1 s10 s11 s2 s3 s4 s6 s7 s8 s9 ");
  CHECK(write.world.registry.expose().find("reason=\"http_400\"") != std::string::npos);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == 1);
}

TEST_CASE("pyroscope.write: one that the server cannot read does not hold up the others") {
  Harness write(kOne, {.endpoint = {.in_flight = 2}});
  Server server([](const std::vector<Sent>& sent) {
    for (const auto& one : sent) {
      if (one.service == "s0") return FetchResponse{.status = 500};
    }
    return FetchResponse{.status = 200};
  });
  for (int i = 0; i < 12; ++i) write.push("s" + std::to_string(i), 1);
  write.serve(std::ref(server), 20s);
  CHECK(server.services.size() == 11);
  write.serve(std::ref(server), 1h);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == 1);
  CHECK(write.world.registry.expose().find("reason=\"http_500\"") != std::string::npos);
}

TEST_CASE("pyroscope.write: a server that fails for hours costs no profile while others wait") {
  Harness write(kOne);
  for (int i = 0; i < 3; ++i) write.push("s" + std::to_string(i));
  write.serve([](const auto&) { return FetchResponse{.status = 500}; }, 12h);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
  Server server;
  write.serve(std::ref(server));
  CHECK(names_of(server) == "s0 s1 s2 ");
}

TEST_CASE("pyroscope.write: a server that is away, or wants other credentials, costs no profile") {
  for (int status : {0, 401, 403, 404, 415, 429}) {
    CAPTURE(status);
    Harness write(kOne);
    for (int i = 0; i < 3; ++i) write.push("s" + std::to_string(i));
    for (int i = 0; i < 40; ++i) {
      for (auto& fetch : std::vector(write.world.fetches)) {
        if (!fetch->done && status == 0) fetch->answer(weir::fail("connection refused"));
        if (!fetch->done && status != 0) fetch->answer(FetchResponse{.status = status});
      }
      write.world.advance(10min);
    }
    CHECK(write.world.health.state == HealthState::unhealthy);
    CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
    Server server;
    write.serve(std::ref(server));
    CHECK(names_of(server) == "s0 s1 s2 ");
    CHECK(write.world.health.state == HealthState::healthy);
  }
}

TEST_CASE("pyroscope.write: what is older than the server takes is counted, and the server asked few times") {
  Harness write(kOne, {.endpoint = {.in_flight = 1}});
  auto now = [&] { return write.world.manual_clock.wall(); };
  Server server([&](const std::vector<Sent>& sent) {
    for (const auto& one : sent) {
      if (now() - one.profile.start > 1h)
        return FetchResponse{.status = 400, .body = "profile is outside of ingestion window"};
    }
    return FetchResponse{.status = 200};
  });
  for (int i = 0; i < 1200; ++i) write.push("s" + std::to_string(i), 1, (1200 - i) * 6s + 1s);
  write.serve(std::ref(server), 2s);
  CHECK(server.services.size() == 599);
  CHECK(write.world.registry.expose().find("reason=\"too_old_for_server\"} 601") != std::string::npos);
  CHECK(write.world.health.state == HealthState::healthy);
  CHECK(write.world.health.message.contains(": 601 profiles given up, the last "));
  CHECK(write.world.health.message.contains(" ago as: the server answered 400: "));
  CHECK(server.requests < 100);
}

TEST_CASE("pyroscope.write: the end begins no requests") {
  weir::tests::TempDir folder;
  Harness write(kOne, {}, folder.path());
  auto profile = std::make_shared<weir::profile::Profile>();
  profile->labels = {{"service_name", "shop"}};
  write.receiver()->push(std::move(profile));
  write.stop();
  CHECK(write.requests() == 0);
}

TEST_CASE("pyroscope.write: what was not delivered is delivered by the next run, and nothing twice") {
  for (bool crash : {false, true}) {
    CAPTURE(crash);
    weir::tests::TempDir folder;
    {
      Harness write(kTwo, {}, folder.path());
      for (int i = 0; i < 3; ++i) write.push("s" + std::to_string(i));
      // One has two of them; two has none.
      for (auto& fetch : std::vector(write.world.fetches)) {
        bool one = fetch->request.url.starts_with("http://one");
        bool taken = one && series_of(fetch->request.body)[0].service != "s1";
        if (taken)
          fetch->answer(FetchResponse{.status = 200});
        else
          fetch->answer(weir::fail("no route"));
      }
      write.world.run();
      if (crash) write.crash();
    }
    Harness write(kTwo, {}, folder.path());
    Server one, two;
    write.serve([&](const auto& request) {
      return request.url.starts_with("http://one") ? one(request) : two(request);
    });
    CHECK(names_of(one) == "s1 ");
    CHECK(names_of(two) == "s0 s1 s2 ");
    write.stop();
    Harness third(kTwo, {}, folder.path());
    CHECK(third.requests() == 0);
  }
}

TEST_CASE("pyroscope.write: what is in memory is written at the stop") {
  weir::tests::TempDir folder;
  {
    Harness write(kOne, {}, folder.path());
    auto receiver = write.receiver();
    for (int i = 0; i < 40; ++i) {
      auto profile = std::make_shared<weir::profile::Profile>();
      profile->labels = {{"service_name", "s" + std::to_string(i)}};
      profile->start = write.world.manual_clock.wall();
      receiver->push(std::move(profile));
    }
  }
  Harness write(kOne, {}, folder.path());
  Server server;
  write.serve(std::ref(server));
  CHECK(server.services.size() == 40);
}

TEST_CASE(
    "pyroscope.write: a long queue lies on the disk, not in memory, and the oldest goes when it is full") {
  std::string small = std::string(kOne) + "\nqueue {\n max_bytes = 1048576\n}";
  Harness write(small, {.memory_bytes = 64 << 10});
  write.push("s0", 600);
  write.answer(weir::fail("no route"));
  std::size_t count = 1;
  for (; count < 500; ++count) write.push("s" + std::to_string(count), 600);
  double dropped = write.metric("pyroscope_write_dropped_profiles_total{");
  CHECK(dropped > 0);
  CHECK(write.world.registry.expose().find("reason=\"queue_full\"") != std::string::npos);
  Server server;
  write.serve(std::ref(server), 1h);
  CHECK(server.services.size() + static_cast<std::size_t>(dropped) == 500);
  CHECK(server.services.contains("s499"));
  CHECK(write.metric("pyroscope_write_queue_profiles{") == 0);
  CHECK(write.metric("pyroscope_write_queue_bytes{") <= 2 << 20);
}

TEST_CASE("pyroscope.write: without a disk it goes on in memory, says so, and writes when there is one") {
  weir::tests::TempDir folder;
  folder.write("file", "in the way");
  auto without = std::make_unique<Harness>(kOne, Write::Limits{}, folder.path() / "file");
  Harness& write = *without;
  write.push("s0");
  write.answer(FetchResponse{.status = 200});
  CHECK(write.world.health.message.find(
            "1 profile sent, the last 0 s ago, 0 waiting; the queue is in memory only") == 0);
  CHECK(write.metric("pyroscope_write_queue_on_disk{") == 0);
  write.push("s1");
  std::filesystem::remove(folder.path() / "file");
  write.world.advance(10s);
  CHECK(write.metric("pyroscope_write_queue_on_disk{") == 1);
  write.crash();
  without.reset();
  Harness next(kOne, {}, folder.path() / "file");
  Server server;
  next.serve(std::ref(server));
  CHECK(names_of(server) == "s1 ");
}

TEST_CASE("pyroscope.write: a folder removed under it costs nothing that is in memory") {
  weir::tests::TempDir folder;
  {
    Harness write(kOne, {}, folder.path());
    write.push("s0");
    write.answer(weir::fail("no route"));
    write.push("s1");
    std::filesystem::remove_all(folder.path() / "queue");
    write.push("s2");
    write.world.advance(10s);
    write.crash();
  }
  Harness next(kOne, {}, folder.path());
  Server server;
  next.serve(std::ref(server));
  CHECK(names_of(server) == "s0 s1 s2 ");
}

TEST_CASE("pyroscope.write: a queue damaged anywhere gives what is sound") {
  weir::tests::TempDir folder;
  {
    Harness write(kOne, {}, folder.path());
    write.push("s0", 3);
    write.answer(weir::fail("no route"));
    for (int i = 1; i < 5; ++i) write.push("s" + std::to_string(i), 3);
  }
  std::filesystem::path file = folder.path() / "queue" / "0000000001.segment";
  std::ifstream in(file, std::ios::binary);
  std::string whole((std::istreambuf_iterator<char>(in)), {});
  REQUIRE(whole.size() > 500);
  std::size_t fewest = 5;
  for (bool cut : {false, true}) {
    for (std::size_t at = 0; at < whole.size(); at += 7) {
      CAPTURE(at);
      weir::tests::TempDir damaged;
      std::filesystem::create_directories(damaged.path() / "queue");
      std::string bytes = cut ? whole.substr(0, at) : whole;
      if (!cut) bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
      std::ofstream(damaged.path() / "queue" / "0000000001.segment", std::ios::binary) << bytes;
      Harness write(kOne, {}, damaged.path());
      Server server;
      write.serve(std::ref(server), 5s);
      for (const auto& [name, count] : server.services) CHECK((name.size() == 2 && count == 1));
      if (!cut) fewest = std::min(fewest, server.services.size());
    }
  }
  CHECK(fewest >= 4);
}

TEST_CASE("pyroscope.write: before the end it sends what it can, and waits for no server that fails") {
  Harness write(kTwo);
  CHECK(*write.finish());
  write.push("s0");
  auto done = write.finish();
  CHECK_FALSE(*done);
  write.world.fetches[0]->answer(FetchResponse{.status = 200});
  write.world.run();
  CHECK_FALSE(*done);
  write.world.fetches[1]->answer(FetchResponse{.status = 503});
  write.world.run();
  CHECK(*done);
  Harness hanging(kOne);
  hanging.push("s0");
  done = hanging.finish();
  hanging.world.advance(2s);
  CHECK(*done);
}

TEST_CASE("pyroscope.write: a step of the wall clock loses nothing") {
  for (auto step : {-1h, 1h}) {
    Harness write(kOne);
    write.push("s0", 1);
    write.answer(weir::fail("no route"));
    write.world.manual_clock.step_wall(step);
    write.push("s1", 1);
    Server server([&](const std::vector<Sent>& sent) {
      // The server's clock stands right.
      auto age = write.world.manual_clock.wall() - step - sent[0].profile.start;
      if (age > 90min || age < -90min) return FetchResponse{.status = 400, .body = "ingestion window"};
      return FetchResponse{.status = 200};
    });
    write.serve(std::ref(server));
    CHECK(names_of(server) == "s0 s1 ");
  }
}

TEST_CASE("pyroscope.write: what is too much at once is given up where the config wants that") {
  Harness write("endpoint {\n url = \"http://one:4040\"\n retry_on_http_429 = false\n}\ntracing { }");
  write.push("s0");
  write.answer(FetchResponse{.status = 429});
  CHECK(write.world.registry.expose().find("reason=\"http_429\"} 1") != std::string::npos);
  write.world.advance(10min);
  CHECK(write.requests() == 1);
}

}  // namespace weir::tests
