// What the tests of pyroscope.write share: a write whose world is driven by hand, and a server that reads
// what it gets.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "components/pyroscope/push.pb.h"
#include "components/pyroscope/write.h"
#include "profile/pprof.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

namespace weir::tests {

using namespace std::chrono_literals;
using pyroscope::ReceiverPtr;
using pyroscope::Write;
using runtime::FetchResponse;
using runtime::HealthState;

class WriteHarness {
 public:
  explicit WriteHarness(std::string_view body, Write::Limits limits = {}, std::filesystem::path folder = {})
      : write_(in_folder(folder), arguments(body), limits) {
    write_.start();
    world.run();
  }
  ~WriteHarness() { stop(); }
  void stop() {
    if (std::exchange(stopped_, true)) return;
    write_.stop();
    world.close();
  }
  // True when it says that it is done.
  std::shared_ptr<bool> finish() {
    auto done = std::make_shared<bool>(false);
    write_.finish([done] { *done = true; });
    world.run();
    return done;
  }
  // As a crash leaves it: nothing is written any more.
  void crash() {
    stopped_ = true;
    world.close();
  }
  void push(std::string service = "shop", std::size_t samples = 0, weir::Duration age = {}) {
    auto profile = std::make_shared<weir::profile::Profile>();
    profile->id = weir::profile::ProfileId::random();
    profile->labels = {
        {"service_name", std::move(service)}, {"__process_pid__", "3"}, {"__name__", "process_cpu"}};
    profile->start = world.manual_clock.wall() - std::chrono::duration_cast<weir::WallTime::duration>(age);
    for (std::uint32_t i = 0; i < samples; ++i) {
      profile->frames.push_back(
          {.no_name = weir::profile::NoName::named, .lines = {{.function = "f" + std::to_string(i)}}});
      profile->stacks.push_back({.frames = {i}, .complete = true});
      profile->samples.push_back({.stack = i, .value = i + 1, .count = 1});
    }
    receiver()->push(std::move(profile));
    world.run();
  }
  // Everything on the strand; what is on the pool stays there.
  void run_strand() {
    while (world.run_task()) {
    }
  }
  // Hands profiles over until the job that writes them is on the pool.
  void push_unwritten(const std::vector<std::string>& services) {
    for (const auto& service : services) {
      auto profile = std::make_shared<weir::profile::Profile>();
      profile->labels = {{"service_name", service}, {"__name__", "process_cpu"}};
      profile->start = world.manual_clock.wall();
      receiver()->push(std::move(profile));
    }
    run_strand();
    REQUIRE(world.run_offloaded());
    run_strand();
    REQUIRE(world.pending_offloads() == 1);
  }
  bool has(std::string_view text) const { return world.registry.expose().find(text) != std::string::npos; }
  // Answers every request until none is open, time passing between them.
  void serve(const std::function<FetchResponse(const weir::runtime::FetchRequest&)>& server,
             weir::Duration for_at_most = 10min) {
    auto until = world.manual_clock.mono() + for_at_most;
    for (std::size_t next = 0; world.manual_clock.mono() < until;) {
      for (; next < requests(); ++next) {
        auto fetch = world.fetches[next];
        if (!fetch->done) fetch->answer(server(fetch->request));
      }
      world.run();
      if (next == requests()) world.advance(1s);
    }
  }
  ReceiverPtr receiver() const {
    return weir::lang::Codec<ReceiverPtr>::from_value(*world.exports.as_map()->find("receiver")).value();
  }
  void apply(std::string_view body) {
    apply_only(body);
    world.run();
  }
  void apply_only(std::string_view body) { write_.apply(arguments(body)); }
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

  weir::tests::TempDir own;
  weir::testing::FakeContext world{"pyroscope.write.test"};

 private:
  weir::testing::FakeContext& in_folder(const std::filesystem::path& folder) {
    world.directory = folder.empty() ? own.path() : folder;
    return world;
  }
  static Write::Arguments arguments(std::string_view body) {
    auto decoded = weir::testing::decode_text<Write::Arguments>(body);
    if (!decoded) FAIL(decoded.error());
    return *decoded;
  }
  Write write_;
  bool stopped_ = false;
};

inline constexpr std::string_view kOne = "endpoint {\n url = \"http://one:4040/base/\"\n}";
inline constexpr std::string_view kTwo =
    "endpoint {\n url = \"http://one:4040\"\n}\nendpoint {\n url = \"http://two:4040\"\n}";

inline std::string header(const weir::runtime::FetchRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

struct Sent {
  std::string service;
  weir::profile::Profile profile;
};

inline std::vector<Sent> series_of(const std::string& body) {
  std::vector<Sent> sent;
  push::v1::PushRequest message;
  REQUIRE(message.ParseFromString(body));
  for (const auto& series : message.series()) {
    Sent one;
    for (const auto& label : series.labels()) {
      if (label.name() == "service_name") one.service = label.value();
    }
    auto profile = weir::profile::decode_pprof(series.samples(0).raw_profile(), 64 << 20);
    REQUIRE(profile);
    one.profile = *std::move(profile);
    sent.push_back(std::move(one));
  }
  return sent;
}

// Takes everything, or says of each profile why not.
class Server {
 public:
  using Judge = std::function<FetchResponse(const std::vector<Sent>&)>;
  explicit Server(Judge judge = {}) : judge_(std::move(judge)) {}

  FetchResponse operator()(const weir::runtime::FetchRequest& request) {
    bool is_gzipped = header(request, "Content-Encoding") == "gzip";
    auto sent = series_of(is_gzipped ? weir::profile::gunzip(request.body, 64 << 20).value() : request.body);
    FetchResponse answer = judge_ ? judge_(sent) : FetchResponse{.status = 200};
    ++requests;
    if (answer.status != 200) return answer;
    for (auto& one : sent) {
      ++services[one.service];
      total += one.profile.total();
    }
    return answer;
  }
  std::map<std::string, int> services;
  std::int64_t total = 0;
  int requests = 0;

 private:
  Judge judge_;
};

inline std::string names_of(const Server& server) {
  std::string text;
  for (const auto& [name, count] : server.services)
    text += name + (count == 1 ? " " : "*" + std::to_string(count) + " ");
  return text;
}

}  // namespace weir::tests
