// More connections than the server may have: who gives way, and what is counted.
#include <doctest/doctest.h>

#include <map>
#include <thread>

#include "loopback.h"

namespace weir::net::test {

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

// What was turned away, as the server says it.
class Counts {
 public:
  std::function<void(const TurnedAway&)> taker() {
    return [this](const TurnedAway& turned_away) {
      std::lock_guard lock(mutex_);
      ++counts_[std::string(turned_away.reason)];
    };
  }
  int of(const std::string& reason) {
    std::lock_guard lock(mutex_);
    return counts_[reason];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

// Three may connect; what is asked of /wait is answered when the test says so.
struct Crowd {
  Counts counts;
  Mailbox<Reply> waiting;
  std::unique_ptr<Server> server;

  Crowd() {
    Server::Options options;
    options.max_connections = 3;
    options.on_turned_away = counts.taker();
    server = start(
        [this](const Request& request, Reply reply) {
          if (request.path() == "/wait") return waiting.put(std::move(reply));
          reply(Response::text(200, "at once"));
        },
        options);
  }

  Peer connect(std::string_view bytes) {
    Peer peer = Peer::connect(server->port());
    peer.send(bytes);
    return peer;
  }
  // One whose handler has its request.
  Peer busy() {
    Peer peer = connect("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    replies.push_back(*waiting.take());
    return peer;
  }
  // One that has been answered, and may ask again.
  Peer idle() {
    Peer peer = connect(kGet);
    REQUIRE(peer.read_message().ends_with("at once"));
    return peer;
  }
  // One more than there may be, served all the same.
  bool serves_another() {
    Peer peer = connect(kGet);
    return peer.read_message().ends_with("at once");
  }

  std::vector<Reply> replies;
};

// A head that has come so far for so long is nobody's that is about to be whole.
constexpr auto kNoLongerFresh = std::chrono::milliseconds(200);

bool is_closed(Peer& peer) {
  return peer.closed_by_other();
}

}  // namespace

TEST_CASE("a crowd: the oldest without a whole head gives way first") {
  Crowd crowd;
  Peer idle = crowd.idle();
  Peer older = crowd.connect("GET / HTTP/1.1\r\nHo");
  Peer younger = crowd.connect("GET / HT");
  std::this_thread::sleep_for(kNoLongerFresh);
  CHECK(crowd.serves_another());
  CHECK(is_closed(older));
  CHECK(crowd.counts.of("evicted") == 1);
  younger.send("TP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(younger.read_message().ends_with("at once"));
  idle.send(kGet);
  CHECK(idle.read_message().ends_with("at once"));
}

TEST_CASE("a crowd: then the one idle for longest, then one with half a body") {
  Crowd crowd;
  Peer body = crowd.connect(
      "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  CHECK(body.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  Peer first = crowd.idle();
  Peer second = crowd.idle();
  {
    Peer busy = crowd.busy();
    CHECK(is_closed(first));
    Peer another = crowd.busy();
    CHECK(is_closed(second));
    Peer last = crowd.busy();
    CHECK(is_closed(body));
    CHECK(crowd.counts.of("evicted") == 3);
    // All are being answered: now the newest is told.
    Peer told = Peer::connect(crowd.server->port());
    CHECK(told.read_message().starts_with("HTTP/1.1 503 "));
    CHECK(is_closed(told));
    CHECK(crowd.counts.of("connections") == 1);
    for (Reply& reply : crowd.replies) reply(Response::text(200, "late"));
    for (Peer* peer : {&busy, &another, &last}) CHECK(peer->read_message().ends_with("late"));
  }
  CHECK(crowd.serves_another());
}

TEST_CASE("a crowd: what the server turns away it counts by its reason") {
  Counts counts;
  Server::Options options;
  options.max_header_bytes = 512;
  options.max_body_bytes = 100;
  options.max_held_bytes = 50;
  options.header_timeout = std::chrono::milliseconds(50);
  options.reply_timeout = std::chrono::milliseconds(50);
  options.on_turned_away = counts.taker();
  options.security.auth = ServerAuthOptions{.username = "a", .password = "b", .paths = {"/secret"}};
  Mailbox<Reply> kept;
  auto server = start([&](const Request&, Reply reply) { kept.put(std::move(reply)); }, options);
  struct Row {
    const char* reason;
    std::string bytes;
  };
  const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
  const Row rows[] = {
      {"malformed", "hello\r\n\r\n"},
      {"malformed", "GET / HTTP/1.1\r\n\r\n"},
      {"head_size", "GET /" + std::string(600, 'a') + host + "\r\n"},
      {"body_size", "POST /" + host + "Content-Length: 101\r\n\r\n"},
      {"host", "GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n"},
      {"unauthorized", "GET /secret" + host + "\r\n"},
      {"slow_request", "GET / HT"},
      {"slow_reply", "GET /" + host + "\r\n"},
  };
  std::map<std::string, int> expected;
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    ++expected[row.reason];
    Peer peer = Peer::connect(server->port());
    peer.send(row.bytes);
    // Its end or its answer: then it has been counted.
    std::string answer = peer.read_message();
    CHECK(answer.empty() == (row.reason == std::string_view("slow_request")));
    CHECK(counts.of(row.reason) == expected[row.reason]);
  }
}

TEST_CASE("a crowd: hundreds of slow heads keep nobody else from being answered") {
  Server::Options options;
  options.max_connections = 64;
  auto server = start([](const Request&, Reply reply) { reply(Response::text(200, "at once")); }, options);
  std::vector<Peer> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(Peer::connect(server->port()));
    slow.back().send("GET / HTTP/1.1\r\nX-Slow: ");
    if (i % 50 != 0) continue;
    Peer peer = Peer::connect(server->port());
    peer.send(kGet);
    CHECK(peer.read_message().ends_with("at once"));
  }
}

}  // namespace weir::net::test
