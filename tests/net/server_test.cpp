// The server against clients that write their bytes by hand.
#include <doctest/doctest.h>

#include "loopback.h"

namespace weir::net::test {

namespace {

constexpr std::string_view kGet = "GET /x?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Answers with what it was asked.
void echo(const Request& request, Reply reply) {
  Response response = Response::text(200, request.method + " " + request.target + " " + request.body);
  response.headers.set("X-Test", "yes");
  reply(std::move(response));
}

std::string ask(Server& server, std::string_view bytes) {
  Peer peer = Peer::connect(server.port());
  peer.send(bytes);
  return peer.read_message();
}

bool has_status(const std::string& message, int status) {
  return message.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

}  // namespace

TEST_CASE("server: one connection serves many requests, also sent all at once") {
  auto server = start(echo);
  Peer peer = Peer::connect(server->port());
  for (int i = 0; i < 3; ++i) {
    peer.send(kGet);
    CHECK(peer.read_message().ends_with("GET /x?a=1 "));
  }
  peer.send(
      "POST /1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
      "POST /2 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
      "\r\nGET /3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(peer.read_message().ends_with("POST /1 abc"));
  CHECK(peer.read_message().ends_with("POST /2 def"));
  std::string last = peer.read_message();
  CHECK(last.ends_with("GET /3 "));
  CHECK(last.contains("Connection: close\r\n"));
  CHECK(last.contains("X-Test: yes\r\n"));
  CHECK(peer.closed_by_other());
}

TEST_CASE("server: bytes that come one at a time are a request all the same") {
  auto server = start(echo);
  Peer peer = Peer::connect(server->port());
  for (char c : std::string("POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok")) {
    peer.send({&c, 1});
  }
  CHECK(peer.read_message().ends_with("POST /slow ok"));
}

TEST_CASE("server: what is refused, and how") {
  Server::Options options;
  options.max_header_bytes = 1024;
  options.max_body_bytes = 2048;
  auto server = start(echo, options);
  struct Row {
    const char* name;
    std::string bytes;
    int status;
  };
  const std::string host = "Host: localhost\r\n";
  const Row rows[] = {
      {"no http", "hello\r\n\r\n", 400},
      {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
      {"an unknown version", "GET / HTTP/3.0\r\n" + host + "\r\n", 400},
      {"no target", "GET HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a target that is no path", "GET x HTTP/1.1\r\n" + host + "\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400},
      {"a bare control character", "GET / HTTP/1.1\r\n" + host + "A: b\x01\r\n\r\n", 400},
      {"length and chunks",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
      {"a length that is no number", "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\n", 400},
      {"a negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -3\r\n\r\n", 400},
      {"a broken chunk", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"a long head", "GET / HTTP/1.1\r\n" + host + "A: " + std::string(2000, 'a') + "\r\n\r\n", 431},
      {"a long target", "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"a large body by its length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 2049\r\n\r\n", 413},
      {"a large body in chunks",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n900\r\n" + std::string(0x900, 'x') +
           "\r\n0\r\n\r\n",
       413},
      {"a chunk of absurd size",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc", 413},
      {"a foreign host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
      {"a foreign host in the target", "GET http://evil.example/ HTTP/1.1\r\n" + host + "\r\n", 421},
      {"a host that only begins like ours", "GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 421},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Peer peer = Peer::connect(server->port());
    peer.send(row.bytes);
    std::string answer = peer.read_message();
    CHECK_MESSAGE(has_status(answer, row.status), answer);
    CHECK(answer.contains(row.status == 421 ? "keep-alive" : "Connection: close"));
    if (row.status != 421) CHECK(peer.closed_by_other());
  }
}

TEST_CASE("server: the hosts it answers to") {
  struct Row {
    const char* host;
    std::vector<std::string> allowed;
    bool answered;
  };
  const Row rows[] = {
      {"127.0.0.1:80", {}, true},    {"LOCALHOST", {}, true},        {"[::1]:12345", {}, true},
      {"box.lan", {}, false},        {"box.lan", {"Box.lan"}, true}, {"box.lan:99", {"box.lan:12345"}, true},
      {"other", {"box.lan"}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    Server::Options options;
    options.allowed_hosts = row.allowed;
    auto server = start(echo, options);
    std::string answer = ask(*server, fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", row.host));
    CHECK(has_status(answer, row.answered ? 200 : 421));
  }
}

TEST_CASE("server: HEAD has the head of GET and no body") {
  auto server = start([](const Request&, Reply reply) { reply({.static_body = "fixed bytes"}); });
  Peer peer = Peer::connect(server->port());
  peer.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(peer.read_until("\r\n\r\n").contains("Content-Length: 11\r\n"));
  peer.send(kGet);
  CHECK(peer.read_message().ends_with("\r\n\r\nfixed bytes"));
}

TEST_CASE("server: 204 and 304 have neither a body nor a length") {
  for (int status : {204, 304}) {
    auto server = start([=](const Request&, Reply reply) { reply(Response::text(status, "x")); });
    std::string answer = ask(*server, kGet);
    CHECK(has_status(answer, status));
    CHECK_FALSE(answer.contains("Content-Length"));
    CHECK(answer.ends_with("\r\n\r\n"));
  }
}

TEST_CASE("server: headers a handler sets cannot split the response") {
  auto server = start([](const Request&, Reply reply) {
    Response response = Response::text(200, "body");
    response.headers.set("X-Bad", "a\r\nSet-Cookie: b");
    response.headers.set("Content-Length", "1");
    response.headers.set("Content-Encoding", "gzip");
    reply(std::move(response));
  });
  std::string answer = ask(*server, kGet);
  CHECK_FALSE(answer.contains("Set-Cookie"));
  CHECK(answer.contains("Content-Length: 4\r\n"));
  CHECK(answer.contains("Content-Encoding: gzip\r\n"));
}

TEST_CASE("server: a body that waits to be asked for") {
  auto server = start(echo);
  Peer peer = Peer::connect(server->port());
  peer.send("POST /c HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(peer.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hi");
  CHECK(peer.read_message().ends_with("POST /c hi"));
}

TEST_CASE("server: HTTP/1.0 closes unless asked to keep on") {
  auto server = start(echo);
  CHECK(ask(*server, "GET / HTTP/1.0\r\n\r\n").contains("Connection: close"));
  CHECK(ask(*server, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").contains("Connection: keep-alive"));
}

TEST_CASE("server: big bodies go both ways") {
  Server::Options options;
  options.max_body_bytes = 8 << 20;
  auto server = start([](const Request& request, Reply reply) { reply({.body = request.body}); }, options);
  std::string body(5 << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 97) body[i] = static_cast<char>('a' + i % 26);
  Peer peer = Peer::connect(server->port());
  peer.send(fmt::format("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.size()));
  peer.send(body);
  CHECK(peer.read_message().ends_with("\r\n\r\n" + body));
}

TEST_CASE("server: a reply may come from another thread, once, and late ones harm nothing") {
  Mailbox<Reply> asked;
  auto server = start([&](const Request&, Reply reply) { asked.put(std::move(reply)); });
  Peer peer = Peer::connect(server->port());
  peer.send(kGet);
  Reply reply = *asked.take();
  std::thread([&] { reply(Response::text(200, "first")); }).join();
  reply(Response::text(200, "second"));
  CHECK(peer.read_message().ends_with("first"));
  server.reset();
  reply(Response::text(200, "third"));
}

TEST_CASE("server: bodies that are on their way take no more memory than they may") {
  Mailbox<Reply> asked;
  Server::Options options;
  options.max_held_bytes = 1000;
  auto server = start([&](const Request&, Reply reply) { asked.put(std::move(reply)); }, options);
  std::string large =
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'x');
  Peer first = Peer::connect(server->port());
  first.send(large);
  Reply reply = *asked.take();
  Peer second = Peer::connect(server->port());
  second.send(large);
  std::string refused = second.read_message();
  CHECK(refused.starts_with("HTTP/1.1 503"));
  CHECK(refused.contains("Retry-After: 1\r\n"));
  // One without a body, and one that comes when there is room again.
  Peer third = Peer::connect(server->port());
  third.send(kGet);
  (*asked.take())(Response::text(200, "small"));
  CHECK(third.read_message().ends_with("small"));
  reply(Response::text(200, "large"));
  CHECK(first.read_message().ends_with("large"));
  first.send(large);
  (*asked.take())(Response::text(200, "again"));
  CHECK(first.read_message().ends_with("again"));
}

TEST_CASE("server: limits in time") {
  Server::Options options;
  options.header_timeout = std::chrono::milliseconds(50);
  options.idle_timeout = std::chrono::milliseconds(60);
  options.reply_timeout = std::chrono::milliseconds(70);
  auto server = start(
      [](const Request& request, Reply reply) {
        if (request.path() != "/never") echo(request, reply);
      },
      options);
  SUBCASE("nothing is sent") {
    CHECK(Peer::connect(server->port()).closed_by_other());
  }
  SUBCASE("half a head") {
    Peer peer = Peer::connect(server->port());
    peer.send("GET / HTTP/1.1\r\nHost:");
    CHECK(peer.closed_by_other());
  }
  SUBCASE("half a body") {
    Peer peer = Peer::connect(server->port());
    peer.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
    CHECK(peer.closed_by_other());
  }
  SUBCASE("nothing after an answer") {
    Peer peer = Peer::connect(server->port());
    peer.send(kGet);
    peer.read_message();
    CHECK(peer.closed_by_other());
  }
  SUBCASE("no reply") {
    CHECK(has_status(ask(*server, "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503));
  }
}

TEST_CASE("server: a handler that throws costs one request") {
  auto server = start([](const Request& request, Reply reply) {
    if (request.path() == "/bad") throw std::runtime_error("broken");
    echo(request, reply);
  });
  Peer peer = Peer::connect(server->port());
  peer.send("GET /bad HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(peer.read_message().ends_with("internal error: broken\n"));
  peer.send(kGet);
  CHECK(has_status(peer.read_message(), 200));
}

TEST_CASE("server: stops with connections open") {
  Mailbox<Reply> asked;
  Server::Options options;
  SUBCASE("idle ones are closed at once") {
    options.stop_timeout = std::chrono::hours(1);
    auto server = start(echo, options);
    Peer fresh = Peer::connect(server->port());
    Peer used = Peer::connect(server->port());
    used.send(kGet);
    used.read_message();
    server.reset();
    CHECK(fresh.closed_by_other());
    CHECK(used.closed_by_other());
  }
  SUBCASE("one that waits for its reply is waited for, up to a point") {
    options.stop_timeout = std::chrono::milliseconds(30);
    auto server = start([&](const Request&, Reply reply) { asked.put(std::move(reply)); }, options);
    Peer peer = Peer::connect(server->port());
    peer.send(kGet);
    Reply reply = *asked.take();
    server.reset();
    CHECK(peer.closed_by_other());
    reply(Response::text(200, "too late"));
  }
  SUBCASE("an answer under way is finished") {
    options.stop_timeout = std::chrono::hours(1);
    auto server = start([&](const Request&, Reply reply) { asked.put(std::move(reply)); }, options);
    Peer peer = Peer::connect(server->port());
    peer.send(kGet);
    Reply reply = *asked.take();
    std::thread stopping([&] { server.reset(); });
    reply(Response::text(200, "in time"));
    CHECK(peer.read_message().ends_with("in time"));
    {
      Peer gone = std::move(peer);
    }
    stopping.join();
  }
}

TEST_CASE("server: an address that cannot be had names itself and a way out") {
  auto server = start(echo);
  std::string taken = "127.0.0.1:" + std::to_string(server->port());
  struct Row {
    std::string address, message;
  };
  const Row rows[] = {
      {taken, "listen on " + taken + ": address already in use"},
      {"12345", "listen: address \"12345\": it must be host:port"},
      {"127.0.0.1:70000",
       "listen: address \"127.0.0.1:70000\": port \"70000\" is not a number from 0 to 65535"},
      {"::1:80", "listen: address \"::1:80\": an IPv6 address must stand in brackets: [::1]:12345"},
  };
  for (const Row& row : rows) {
    auto second = Server::start({.listen_address = row.address}, echo);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().message == row.message);
  }
}

}  // namespace weir::net::test
