// Answers that go on: streams of events, their beginning, their limits, their end.
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <stdexcept>

#include "identity.h"
#include "loopback.h"

namespace weir::net::test {

namespace {

constexpr std::string_view kStream = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr auto kNever = std::chrono::hours(1);
constexpr auto kOften = std::chrono::milliseconds(5);

// Answers /stream with events, everything else at once; hears of each stream that has ended.
struct Streams {
  std::function<std::string()> next = [] { return std::string(); };
  Duration every = kNever;
  Mailbox<std::string> turned_away;
  Mailbox<int> ended;
  std::unique_ptr<Server> server;

  void begin(Server::Options options = {}) {
    options.on_turned_away = [this](const TurnedAway& t) { turned_away.put(std::string(t.reason)); };
    server = start(
        [this](const Request& request, Reply reply) {
          if (request.path() != "/stream") return void(reply(Response::text(200, "at once")));
          std::shared_ptr<void> end(nullptr, [this](void*) { ended.put(1); });
          auto answer = [next = next, end] { return next(); };
          reply(Response::stream({.next = answer, .every = every}));
        },
        std::move(options));
  }
  ~Streams() { server.reset(); }

  Peer connect(std::string_view bytes = kStream) {
    Peer peer = Peer::connect(server->port());
    peer.send(bytes);
    return peer;
  }
  // One whose head has come.
  Peer open() {
    Peer peer = connect();
    REQUIRE(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    return peer;
  }
};

std::function<std::string()> counter() {
  return [n = std::make_shared<int>(0)] { return fmt::format("data: {}\n\n", ++*n); };
}

}  // namespace

TEST_CASE("stream: the head, then what is to be told whenever it is asked for") {
  Streams streams;
  streams.next = counter();
  streams.every = kOften;
  streams.begin();
  Peer peer = streams.connect();
  std::string head = peer.read_until("\r\n\r\n");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.contains("Content-Type: text/event-stream\r\n"));
  CHECK(head.contains("Cache-Control: no-store\r\n"));
  CHECK(head.contains("X-Accel-Buffering: no\r\n"));
  CHECK(head.contains("Connection: close\r\n"));
  CHECK_FALSE(head.contains("Content-Length"));
  for (int i = 1; i < 4; ++i) CHECK(peer.read_until("\n\n") == fmt::format("data: {}\n\n", i));
}

TEST_CASE("stream: HEAD has the head alone, and the connection goes on") {
  Streams streams;
  streams.next = counter();
  streams.begin();
  Peer peer = streams.connect("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string head = peer.read_until("\r\n\r\n");
  CHECK(head.contains("Content-Type: text/event-stream\r\n"));
  CHECK_FALSE(head.contains("Content-Length"));
  peer.send(kGet);
  CHECK(peer.read_message().ends_with("at once"));
}

TEST_CASE("stream: one with nothing to tell gives a sign of life") {
  Streams streams;
  streams.every = kOften;
  Server::Options options;
  options.stream_sign_of_life = std::chrono::milliseconds(10);
  streams.begin(options);
  Peer peer = streams.open();
  for (int i = 0; i < 2; ++i) CHECK(peer.read_until("\n\n") == ":\n\n");
}

TEST_CASE("stream: a peer that goes is noticed before anything is to be told") {
  Streams streams;
  streams.begin();
  {
    Peer peer = streams.open();
  }
  CHECK(streams.ended.take());
}

TEST_CASE("stream: what its peer sends is of no use, and is not read for ever") {
  Streams streams;
  streams.begin();
  Peer peer = streams.open();
  peer.send(kGet);
  Peer other = streams.connect(kGet);
  CHECK(other.read_message().ends_with("at once"));
  CHECK(streams.ended.empty());
  peer.send(std::string(100 << 10, 'x'));
  CHECK(streams.ended.take());
  CHECK(peer.closed_by_other());
}

TEST_CASE("stream: a peer that does not read is closed and counted") {
  Streams streams;
  streams.next = [] { return std::string(32 << 20, 'x'); };
  Server::Options options;
  options.idle_timeout = std::chrono::milliseconds(100);
  streams.begin(options);
  Peer peer = streams.open();
  CHECK(streams.turned_away.take() == "slow_reader");
  CHECK(streams.ended.take());
}

TEST_CASE("stream: idle ones are not closed for it") {
  Streams streams;
  streams.next = counter();
  streams.every = std::chrono::milliseconds(150);
  Server::Options options;
  options.idle_timeout = options.reply_timeout = std::chrono::milliseconds(50);
  streams.begin(options);
  Peer peer = streams.open();
  for (int i = 1; i < 4; ++i) CHECK(peer.read_until("\n\n") == fmt::format("data: {}\n\n", i));
}

TEST_CASE("stream: there are only so many") {
  Streams streams;
  Server::Options options;
  options.max_streams = 2;
  streams.begin(options);
  Peer second = streams.open();
  {
    Peer first = streams.open();
    Peer third = streams.connect();
    std::string answer = third.read_message();
    CHECK(answer.starts_with("HTTP/1.1 503 "));
    CHECK(answer.contains("Retry-After: 5\r\n"));
    CHECK(answer.ends_with("2 streams of events are open already\n"));
    CHECK(streams.turned_away.take() == "streams");
    // It may ask for something else.
    third.send(kGet);
    CHECK(third.read_message().ends_with("at once"));
    CHECK(streams.ended.take());
  }
  CHECK(streams.ended.take());
  Peer another = streams.open();
}

TEST_CASE("stream: the one that is still for longest gives way to a request") {
  Streams streams;
  Server::Options options;
  options.max_connections = 2;
  streams.begin(options);
  Peer first = streams.open();
  Peer second = streams.open();
  Peer peer = streams.connect(kGet);
  CHECK(peer.read_message().ends_with("at once"));
  CHECK(first.closed_by_other());
  CHECK(streams.turned_away.take() == "evicted");
}

TEST_CASE("stream: all end at once when the server does") {
  Streams streams;
  SUBCASE("while they wait") {}
  SUBCASE("while one is written to that does not read") {
    streams.next = [] { return std::string(32 << 20, 'x'); };
  }
  Server::Options options;
  options.stop_timeout = kNever;
  streams.begin(options);
  Peer first = streams.open();
  Peer second = streams.open();
  streams.server.reset();
  CHECK(first.closed_by_other());
  CHECK(second.closed_by_other());
}

TEST_CASE("stream: all end when it changes who may ask") {
  Streams streams;
  streams.begin();
  Peer peer = streams.open();
  Security security;
  security.auth = ServerAuthOptions{.username = "a", .password = "b"};
  REQUIRE(streams.server->secure(security));
  CHECK(peer.closed_by_other());
  CHECK(streams.connect().read_message().starts_with("HTTP/1.1 401 "));
}

TEST_CASE("stream: a failure to tell ends that one alone") {
  Streams streams;
  streams.next = []() -> std::string { throw std::runtime_error("broken"); };
  streams.begin();
  Peer peer = streams.open();
  CHECK(peer.closed_by_other());
  CHECK(streams.connect(kGet).read_message().ends_with("at once"));
}

TEST_CASE("stream: over TLS, both ways") {
  Identity ca = make_identity("ca", nullptr);
  Identity name = make_identity("server", &ca, "DNS:localhost");
  Streams streams;
  streams.next = counter();
  streams.every = kOften;
  Server::Options options;
  options.security.tls = ServerTlsOptions{.cert_pem = name.certificate_pem(), .key_pem = name.key_pem()};
  streams.begin(options);
  auto client = Client::create();
  ClientRequest request{.url = fmt::format("https://localhost:{}/stream", streams.server->port()),
                        .tls = {.ca_pem = ca.certificate_pem()}};
  Mailbox<std::string> pieces;
  ClientEvents events;
  events.on_data = [&](std::string_view piece) { pieces.put(std::string(piece)); };
  events.on_done = [](const Result<ClientResponse>&) {};
  auto pending = client->send(request, std::move(events));
  CHECK(pieces.take().value_or("").starts_with("data: 1\n\n"));
  CHECK(pieces.take().value_or("").starts_with("data: "));
  // The reply's own copy is gone by now.
  pending.reset();
  CHECK(streams.ended.take());
}

}  // namespace weir::net::test
