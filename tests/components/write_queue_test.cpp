// What the queue of pyroscope.write owes each profile: it is sent, on the disk, or counted.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "components/pyroscope/spool.h"
#include "store/coding.h"
#include "store/segment_log.h"
#include "tests/components/write_harness.h"

namespace weir::tests {

using namespace std::literals;
using Harness = WriteHarness;

namespace {

constexpr std::string_view kTwoTenants =
    "endpoint {\n url = \"http://one:4040\"\n headers = {\"X-Scope-OrgID\" = \"a\"}\n}\n"
    "endpoint {\n url = \"http://one:4040\"\n headers = {\"X-Scope-OrgID\" = \"b\"}\n}";

std::string tenant(const weir::runtime::FetchRequest& request) {
  return header(request, "X-Scope-OrgID");
}

// What each of two servers gets of a queue.
struct Got {
  std::string one, two;
};
Got next_run(const std::filesystem::path& folder, std::string_view body = kTwo) {
  Harness write(body, {}, folder);
  Server one, two;
  write.serve([&](const auto& request) {
    return request.url.starts_with("http://one") ? one(request) : two(request);
  });
  return {names_of(one), names_of(two)};
}

std::filesystem::path segment(const TempDir& folder, int number) {
  return folder.path() / "queue" / fmt::format("{:010}.segment", number);
}

}  // namespace

TEST_CASE("pyroscope.write: a stop accounts for what is just being written") {
  for (bool is_written : {false, true}) {
    for (bool is_first : {false, true}) {
      CAPTURE(is_written);
      CAPTURE(is_first);
      TempDir folder;
      {
        Harness write(kTwo, {}, folder.path());
        if (!is_first) {
          write.push("before");
          for (auto& fetch : std::vector(write.world.fetches)) fetch->answer(FetchResponse{.status = 200});
          write.world.run();
        }
        write.push_unwritten({"s0", "s1", "s2"});
        for (auto& fetch : std::vector(write.world.fetches)) {
          bool taken = !fetch->done && fetch->request.url.starts_with("http://one") &&
                       fetch->request.body.find("s1") != std::string::npos;
          if (taken) fetch->answer(FetchResponse{.status = 200});
        }
        write.run_strand();
        if (is_written) REQUIRE(write.world.run_offloaded());
      }
      Got got = next_run(folder.path());
      CHECK(got.one == "s0 s2 ");
      CHECK(got.two == "s0 s1 s2 ");
    }
  }
}

TEST_CASE("pyroscope.write: a stop counts what it cannot keep") {
  TempDir folder;
  folder.write("file", "in the way");
  std::string memory_only = std::string(kTwo) + "\nqueue {\n max_bytes = 0\n}";
  struct Row {
    std::string body;
    std::filesystem::path folder;
    const char* why;
  };
  const Row rows[] = {{memory_only, folder.path(), "the queue is in memory only"},
                      {std::string(kTwo), folder.path() / "file", "ot a directory"}};
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Harness write(row.body, {}, row.folder);
    for (int i = 0; i < 3; ++i) write.push("s" + std::to_string(i));
    write.world.fetches[0]->answer(FetchResponse{.status = 200});
    write.world.run();
    write.stop();
    CHECK(write.has("endpoint=\"http://one:4040\",reason=\"stopped\"} 2\n"));
    CHECK(write.has("endpoint=\"http://two:4040\",reason=\"stopped\"} 3\n"));
    bool says_why = std::ranges::any_of(write.world.log_lines, [&](const std::string& line) {
      return line.find("are lost") != std::string::npos && line.find(row.why) != std::string::npos;
    });
    CHECK(says_why);
  }
}

TEST_CASE("pyroscope.write: before the end what waits goes in few requests") {
  Harness write(kOne);
  for (int i = 0; i < 20; ++i) write.push("s" + std::to_string(i));
  REQUIRE(write.requests() == 8);
  auto done = write.finish();
  Server server;
  for (auto& fetch : std::vector(write.world.fetches)) fetch->answer(server(fetch->request));
  write.world.run();
  for (auto& fetch : std::vector(write.world.fetches)) {
    if (!fetch->done) fetch->answer(server(fetch->request));
  }
  write.world.run();
  CHECK(server.services.size() == 20);
  CHECK(*done);
}

TEST_CASE("pyroscope.write: a stop encodes what the pool has not begun with") {
  TempDir folder;
  {
    Harness write(kOne, {}, folder.path());
    auto profile = std::make_shared<weir::profile::Profile>();
    profile->labels = {{"service_name", "s0"}};
    profile->start = write.world.manual_clock.wall();
    write.receiver()->push(std::move(profile));
    write.run_strand();
    REQUIRE(write.world.pending_offloads() == 1);
  }
  CHECK(next_run(folder.path(), kOne).one == "s0 ");
}

TEST_CASE("pyroscope.write: max_bytes of 0 leaves alone what is on the disk until the next start") {
  TempDir folder;
  std::string queue = std::string(kOne) + "\nqueue {\n max_bytes = ";
  {
    Harness write(queue + "1048576\n}", {.memory_bytes = 16 << 10}, folder.path());
    write.push("s0");
    write.answer(weir::fail("no route"));
    for (int i = 1; i < 60; ++i) write.push("s" + std::to_string(i), 600);
    REQUIRE(std::filesystem::exists(segment(folder, 3)));
    write.apply(queue + "0\n}");
    CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
    CHECK(write.metric("pyroscope_write_queue_on_disk{") == 1);
  }
  Harness write(kOne, {}, folder.path());
  Server server;
  write.serve(std::ref(server));
  CHECK(server.services.size() == 60);
}

TEST_CASE("pyroscope.write: a profile that cannot be read for now is read later") {
  TempDir folder;
  Harness write(kOne, {.memory_bytes = 1}, folder.path());
  write.push("s0");
  write.answer(weir::fail("no route"));
  write.push("s1");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (int i = 0; i < 30; ++i) write.world.advance(10min);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(write.requests() == 1);
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
  CHECK_MESSAGE(write.world.health.message.find("too many open files") != std::string::npos,
                write.world.health.message);
  CHECK(write.world.health.state == HealthState::unhealthy);
  Server server;
  write.serve(std::ref(server));
  CHECK(names_of(server) == "s0 s1 ");
}

TEST_CASE("pyroscope.write: where the disk fails for ever one profile is given up, and holds up no other") {
  TempDir folder;
  Harness write(kOne, {.memory_bytes = 1}, folder.path());
  write.push("s0");
  write.answer(weir::fail("no route"));
  // Reading there is an I/O error. What comes now goes to another segment.
  std::filesystem::remove(segment(folder, 1));
  std::filesystem::create_symlink("/proc/self/mem", segment(folder, 1));
  write.push("s1");
  Server server;
  write.serve(std::ref(server), 20s);
  CHECK(names_of(server) == "s1 ");
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
  for (int i = 0; i < 20; ++i) {
    write.push("t" + std::to_string(i));
    write.serve(std::ref(server), 1h);
  }
  CHECK(write.has("reason=\"disk\"} 1\n"));
  CHECK(server.services.size() == 21);
}

TEST_CASE("pyroscope.write: what an endpoint has is remembered where a segment is damaged") {
  TempDir folder;
  {
    Harness write(kTwo, {}, folder.path());
    for (int i = 0; i < 3; ++i) write.push("s" + std::to_string(i));
    for (auto& fetch : std::vector(write.world.fetches)) {
      bool taken =
          fetch->request.url.starts_with("http://one") && series_of(fetch->request.body)[0].service != "s0";
      fetch->answer(taken ? weir::Result<FetchResponse>(FetchResponse{.status = 200})
                          : weir::fail("no route"));
    }
    write.world.run();
  }
  // In the body of the first record.
  std::fstream file(segment(folder, 1), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(90);
  file.put('\x7f');
  file.close();
  Got got = next_run(folder.path());
  CHECK(got.one == "");
  CHECK(got.two == "s1 s2 ");
}

TEST_CASE("pyroscope.write: a segment that cannot be read at the start is delivered by a later one") {
  TempDir folder;
  {
    Harness write(kOne, {}, folder.path());
    write.push("s0");
    write.answer(weir::fail("no route"));
    write.push("s1");
  }
  std::filesystem::rename(segment(folder, 1), folder.path() / "away");
  std::filesystem::create_directory(segment(folder, 1));
  {
    Harness write(kOne, {}, folder.path());
    write.push("s2");
    write.answer(FetchResponse{.status = 200});
    CHECK(std::ranges::any_of(write.world.log_lines, [](const std::string& line) {
      return line.find("cannot be read now") != std::string::npos;
    }));
  }
  std::filesystem::remove(segment(folder, 1));
  std::filesystem::rename(folder.path() / "away", segment(folder, 1));
  CHECK(next_run(folder.path(), kOne).one == "s0 s1 ");
}

TEST_CASE("pyroscope.write: what was delivered of a segment that cannot be read is not forgotten") {
  TempDir folder;
  auto only_two_fails = [](WriteHarness& write) {
    for (auto& fetch : std::vector(write.world.fetches)) {
      bool taken = fetch->request.url.starts_with("http://one");
      fetch->answer(taken ? weir::Result<FetchResponse>(FetchResponse{.status = 200})
                          : weir::fail("no route"));
    }
    write.world.run();
  };
  {
    Harness write(kTwo, {}, folder.path());
    write.push("s0");
    for (auto& fetch : std::vector(write.world.fetches)) fetch->answer(weir::fail("no route"));
  }
  {
    Harness write(kTwo, {}, folder.path());
    only_two_fails(write);
  }
  std::filesystem::rename(segment(folder, 1), folder.path() / "away");
  std::filesystem::create_directory(segment(folder, 1));
  CHECK(next_run(folder.path()).one == "");
  CHECK(next_run(folder.path()).two == "");
  std::filesystem::remove(segment(folder, 1));
  std::filesystem::rename(folder.path() / "away", segment(folder, 1));
  Got got = next_run(folder.path());
  CHECK(got.one == "");
  CHECK(got.two == "s0 ");
}

TEST_CASE("pyroscope.write: the queue of an earlier weir is read") {
  TempDir folder;
  Harness made(kOne);
  made.push("s0");
  std::string body = made.world.fetches.at(0)->request.body;
  auto head = [](std::uint8_t kind) {
    store::ByteWriter out;
    out.byte(kind);
    return out;
  };
  {
    auto log = store::SegmentLog::open({.path = folder.path() / "queue", .segment_bytes = 1 << 20}, {});
    REQUIRE(log);
    std::vector<store::Place> places;
    for (int i = 0; i < 2; ++i) {
      store::ByteWriter out = head(1);
      out.signed_number(made.world.manual_clock.wall().time_since_epoch().count());
      out.number(body.size());
      out.number(body.size());
      out.text("s0");
      auto place = (*log)->append(out.take(), body);
      REQUIRE(place);
      places.push_back(*place);
    }
    store::ByteWriter done = head(2);
    done.text("http://one:4040/base/");
    done.number(1);
    done.number(places[0].segment);
    done.number(places[0].offset);
    REQUIRE((*log)->append(done.take(), ""));
  }
  CHECK(next_run(folder.path(), kOne).one == "s0 ");
  CHECK(next_run(folder.path(), kOne).one == "");
}

TEST_CASE("pyroscope.write: a profile that is being written is in the queue") {
  Harness write(kOne);
  write.push_unwritten({"s0", "s1"});
  write.world.fetches[0]->answer(weir::fail("no route"));
  write.run_strand();
  CHECK(write.metric("pyroscope_write_queue_profiles{") == 2);
}

TEST_CASE("pyroscope.write: an endpoint that is removed while it halves a profile leaves nothing behind") {
  Harness write(kTwo);
  write.push("s0", 100);
  write.world.fetches[0]->answer(FetchResponse{.status = 200});
  write.world.run();
  write.world.fetches[1]->answer(FetchResponse{.status = 413});
  write.run_strand();
  REQUIRE(write.world.pending_offloads() == 1);
  write.apply_only("endpoint {\n url = \"http://one:4040\"\n}");
  write.world.run();
  CHECK(write.has("endpoint=\"http://two:4040\",reason=\"endpoint_removed\"} 1\n"));
  write.world.advance(10s);
  CHECK(write.metric("pyroscope_write_queue_profiles{") == 0);
}

TEST_CASE("pyroscope.write: endpoints of one address are not taken for each other") {
  Harness write(kTwoTenants);
  write.push("s0");
  for (auto& fetch : std::vector(write.world.fetches)) {
    bool taken = tenant(fetch->request) == "a";
    fetch->answer(FetchResponse{.status = taken ? 200 : 503});
  }
  write.world.run();
  write.apply(kTwoTenants.substr(kTwoTenants.rfind("endpoint")));
  CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
  Server b;
  write.serve([&](const auto& request) {
    CHECK(tenant(request) == "b");
    return b(request);
  });
  CHECK(names_of(b) == "s0 ");
}

TEST_CASE("pyroscope.write: endpoints of one address are known by their names at the next start") {
  TempDir folder;
  std::string a = "endpoint {\n url = \"http://one:4040\"\n name = \"a\"\n bearer_token = \"a\"\n}\n";
  std::string b = "endpoint {\n url = \"http://one:4040\"\n name = \"b\"\n bearer_token = \"b\"\n}\n";
  {
    Harness write(a + b, {}, folder.path());
    write.push("s0");
    for (auto& fetch : std::vector(write.world.fetches)) {
      bool taken = header(fetch->request, "Authorization") == "Bearer a";
      fetch->answer(FetchResponse{.status = taken ? 200 : 503});
    }
    write.world.run();
  }
  Harness write(b + a, {}, folder.path());
  Server server;
  write.serve([&](const auto& request) {
    CHECK(header(request, "Authorization") == "Bearer b");
    return server(request);
  });
  CHECK(names_of(server) == "s0 ");
}

TEST_CASE("pyroscope.write: a queue that waits for the disk takes no more memory than it may") {
  TempDir folder;
  weir::testing::FakeContext world("pyroscope.write.test");
  std::vector<weir::pyroscope::ParcelPtr> in_queue;
  weir::pyroscope::Spool* the_spool = nullptr;
  auto sweep = [&] {
    for (const auto& parcel : std::exchange(in_queue, {})) {
      if (parcel->lost)
        the_spool->done(parcel, "two", [] {});
      else
        in_queue.push_back(parcel);
    }
  };
  weir::pyroscope::Spool spool(world, {.max_bytes = 1 << 20, .max_age = 1h, .memory_count = 10},
                               {.restored = [](auto) {}, .sweep = sweep, .changed = [] {}});
  the_spool = &spool;
  spool.open(folder.path() / "queue");
  REQUIRE(world.pending_offloads() == 1);  // and does not come back
  std::vector<std::weak_ptr<weir::pyroscope::Parcel>> made;
  for (int i = 0; i < 20'000; ++i) {
    auto parcel = weir::pyroscope::make_parcel(std::make_shared<weir::pyroscope::PushRequest>());
    parcel->waiting_for = 2;
    made.push_back(parcel);
    in_queue.push_back(parcel);
    spool.keep(parcel);
    spool.done(parcel, "one", [] {});
  }
  CHECK(std::ranges::count_if(made, [](const auto& parcel) { return !parcel.expired(); }) < 6'000);
  spool.end();
}

TEST_CASE("pyroscope.write: the time a job waits for its turn is not the disk's") {
  Harness write(kOne);
  write.push_unwritten({"s0"});
  write.world.manual_clock.advance(3s);
  while (write.world.run_due_timer()) write.run_strand();
  CHECK(write.world.log_lines.empty());
}

TEST_CASE("pyroscope.write: one that is not taken keeps no space for those behind it") {
  TempDir folder;
  std::string body =
      "endpoint {\n url = \"http://one:4040\"\n max_backoff_retries = 0\n max_backoff_period = \"1s\"\n}\n"
      "endpoint {\n url = \"http://two:4040\"\n max_backoff_retries = 0\n max_backoff_period = \"1s\"\n}\n"
      "queue {\n max_bytes = 1048576\n}";
  {
    Harness write(body, {}, folder.path());
    Server all;
    bool one_takes_it = false;
    auto server = [&](const weir::runtime::FetchRequest& request) {
      bool is_one = request.url.starts_with("http://one");
      for (const Sent& sent : series_of(request.body)) {
        if (sent.service == "s0" && !(is_one && one_takes_it)) return FetchResponse{.status = 500};
      }
      return all(request);
    };
    for (int i = 0; i < 600; ++i) {
      one_takes_it = i > 300;  // which stands far from the profile, then
      write.push("s" + std::to_string(i), 600);
      write.serve(server, 1s);
    }
    write.serve(server, 30s);
    CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
    CHECK(write.metric("pyroscope_write_queue_profiles{") == 1);
    CHECK(write.metric("pyroscope_write_queue_bytes{") < 256 << 10);
    CHECK(all.services.size() == 600);
  }
  Got got = next_run(folder.path());
  CHECK(got.one == "");
  CHECK(got.two == "s0 ");
}

TEST_CASE("pyroscope.write: a date to try again at is understood, by the server's own clock") {
  struct Row {
    weir::runtime::HeaderList headers;
    weir::Duration wait;
  };
  const Row rows[] = {
      {{{"Retry-After", "Thu, 01 Jan 2026 00:00:40 GMT"}}, 40s},
      {{{"Retry-After", "Thu, 01 Jan 2026 05:00:50 GMT"}, {"Date", "Thu, 01 Jan 2026 05:00:00 GMT"}}, 50s},
      {{{"Retry-After", "Thu, 01 Jan 2032 00:00:00 GMT"}}, 10min},
      {{{"Retry-After", "Thu, 01 Jan 1998 00:00:00 GMT"}}, 0s},
      {{{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}}, 10min},
      {{{"Retry-After", "soon"}}, 0s},
  };
  for (const Row& row : rows) {
    CAPTURE(row.headers[0].second);
    Harness write(kOne);
    write.push("s0");
    write.answer(FetchResponse{.status = 503, .headers = row.headers});
    if (row.wait > 0s) write.world.advance(row.wait - 1s);
    CHECK(write.requests() == 1);
    write.world.advance(2s);
    CHECK(write.requests() == 2);
  }
}

TEST_CASE("pyroscope.write: requests are gzipped for a server that says it takes that") {
  Harness write(kOne);
  Server server(
      [](const auto&) { return FetchResponse{.status = 200, .headers = {{"Accept-Encoding", "br, gzip"}}}; });
  std::string encodings;
  for (int i = 0; i < 3; ++i) {
    write.push("s" + std::to_string(i), 200);
    encodings += header(write.world.fetches.back()->request, "Content-Encoding") + " ";
    write.serve(std::ref(server), 2s);
  }
  CHECK(encodings == " gzip gzip ");
  CHECK(names_of(server) == "s0 s1 s2 ");
  CHECK(write.metric("pyroscope_write_sent_profiles_total{") == 3);
}

TEST_CASE("pyroscope.write: a server that does not understand gzip after all costs nothing") {
  struct Row {
    FetchResponse refusal;
    int tried;  // with gzip
  };
  const Row rows[] = {
      {{.status = 415}, 1},
      {{.status = 404, .body = R"({"code":"unimplemented","message":"unknown compression"})"}, 1},
      {{.status = 501}, 1},
      {{.status = 400, .body = "no profiles received"}, 3},
      {{.status = 500}, 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.refusal.status);
    Harness write(kOne);
    int gzipped = 0;
    Server plain(
        [](const auto&) { return FetchResponse{.status = 200, .headers = {{"Accept-Encoding", "gzip"}}}; });
    auto server = [&](const weir::runtime::FetchRequest& request) {
      if (header(request, "Content-Encoding") != "gzip") return plain(request);
      ++gzipped;
      return row.refusal;
    };
    for (int i = 0; i < 10; ++i) {
      write.push("s" + std::to_string(i), 200);
      write.serve(server, 2s);
    }
    CHECK(plain.services.size() == 10);
    CHECK(gzipped == row.tried);
    CHECK(write.metric("pyroscope_write_dropped_profiles_total{") == -1);
    CHECK(write.metric("pyroscope_write_retries_total{") == 0);
    CHECK(write.world.health.state == HealthState::healthy);
  }
}

TEST_CASE("pyroscope.write: how long a request takes, an endpoint, and all of them") {
  Harness write(kTwo);
  write.push("s0");
  write.world.advance(2s);
  write.world.fetches[0]->answer(FetchResponse{.status = 200});
  write.world.advance(3s);
  write.world.fetches[1]->answer(FetchResponse{.status = 503});
  write.serve([](const auto&) { return FetchResponse{.status = 200}; }, 10s);
  CHECK(write.has("endpoint=\"http://one:4040\",type=\"push_downstream\"} 2\n"));
  CHECK(write.has("endpoint=\"http://one:4040\",type=\"push_endpoint\"} 2\n"));
  CHECK(
      write.has("latency_count{component_id=\"pyroscope.write.test\",endpoint=\"http://two:4040\","
                "type=\"push_downstream\"} 2\n"));
  CHECK(write.has(
      "latency_count{component_id=\"pyroscope.write.test\",endpoint=\"-\",type=\"push_total\"} 1\n"));
}

}  // namespace weir::tests
