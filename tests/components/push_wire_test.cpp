// pyroscope.write over a real connection.
#include <doctest/doctest.h>

#include <mutex>
#include <string>

#include "cli/fetcher_adapter.h"
#include "components/pyroscope/push.pb.h"
#include "components/pyroscope/write.h"
#include "net/http.h"
#include "profile/pprof.h"
#include "tests/profile/sample_profile.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

using namespace std::literals;
using weir::pyroscope::ReceiverPtr;
using weir::pyroscope::Write;

namespace {

// Takes pushes on loopback; answers the statuses it is given, then 200.
class PushServer {
 public:
  explicit PushServer(std::vector<int> statuses) : statuses_(std::move(statuses)) {
    auto server = weir::net::Server::start(
        {.listen_address = "127.0.0.1:0"},
        [this](const weir::net::Request& request, weir::net::Reply reply) { answer(request, reply); });
    if (!server) FAIL(server.error().message);
    server_ = *std::move(server);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  std::vector<weir::net::Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void answer(const weir::net::Request& request, const weir::net::Reply& reply) {
    std::lock_guard lock(mutex_);
    int status = requests_.size() < statuses_.size() ? statuses_[requests_.size()] : 200;
    requests_.push_back(request);
    reply({.status = status});
  }

  mutable std::mutex mutex_;
  std::vector<int> statuses_;
  std::vector<weir::net::Request> requests_;
  std::unique_ptr<weir::net::Server> server_;
};

// Carries the requests of a component's made-up world over the real client.
class Wire {
 public:
  explicit Wire(weir::testing::FakeContext& world) : world_(world) {}

  void carry() {
    for (; carried_ < world_.fetches.size(); ++carried_) {
      auto fetch = world_.fetches[carried_];
      pending_.push_back(
          fetcher_.fetch(fetch->request, {.on_done = [fetch](auto answer) { fetch->answer(answer); }}));
    }
  }

 private:
  weir::testing::FakeContext& world_;
  weir::cli::FetcherAdapter fetcher_;
  std::vector<std::unique_ptr<weir::runtime::Fetch>> pending_;
  std::size_t carried_ = 0;
};

}  // namespace

TEST_CASE("pyroscope.write: what arrives at a server, after a refusal, is the profile") {
  PushServer server({503});
  weir::tests::TempDir folder;
  weir::testing::ComponentHarness<Write> write(
      "endpoint {\n url = \"" + server.url() +
      "\"\n min_backoff_period = \"1ms\"\n max_backoff_period = \"1ms\"\n}");
  write.world().directory = folder.path();
  Wire wire(write.world());
  write.start();
  auto profile = std::make_shared<weir::profile::Profile>(weir::profile::testing::one_sample_profile());
  weir::lang::Codec<ReceiverPtr>::from_value(*write.world().exports.as_map()->find("receiver"))
      .value()
      ->push(profile);
  REQUIRE(write.world().wait_until([&] {
    write.advance(1ms);
    wire.carry();
    return write.world().health.message.starts_with("1 profile sent, the last");
  }));

  auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].body == requests[1].body);
  CHECK(requests[1].method == "POST");
  CHECK(requests[1].target == "/push.v1.PusherService/Push");
  CHECK(requests[1].headers.get("content-type") == "application/proto");
  push::v1::PushRequest message;
  REQUIRE(message.ParseFromString(requests[1].body));
  CHECK(message.series(0).samples(0).id() == profile->id.to_string());
  auto pprof = weir::profile::decode_pprof(message.series(0).samples(0).raw_profile(), 1 << 20);
  REQUIRE(pprof);
  CHECK(pprof->total() == 30);
  CHECK(pprof->frames.at(0).lines.at(0).function == "main");
}
