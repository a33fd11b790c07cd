// Redirects, proxies, and requests that are given up.
#include <doctest/doctest.h>

#include <atomic>

#include "loopback.h"

namespace weir::net::test {

namespace {

std::string redirect(int status, std::string_view location) {
  return fmt::format("HTTP/1.1 {} Go\r\nLocation: {}\r\nContent-Length: 4\r\n\r\nbody", status, location);
}

std::string first_line(const std::string& message) {
  return message.substr(0, message.find('\r'));
}

}  // namespace

TEST_CASE("redirects: which method follows which status") {
  struct Row {
    const char* method;
    int status;
    const char* followed;
    bool with_body;
  };
  const Row rows[] = {
      {"GET", 301, "GET", false},  {"GET", 308, "GET", false},  {"HEAD", 303, "HEAD", false},
      {"POST", 301, "GET", false}, {"POST", 302, "GET", false}, {"POST", 303, "GET", false},
      {"POST", 307, "POST", true}, {"POST", 308, "POST", true}, {"PUT", 302, "PUT", true},
      {"PUT", 303, "GET", false},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.status);
    Mailbox<std::string> seen;
    ScriptedServer server([&](Peer& peer) {
      for (std::string message; !(message = peer.read_message()).empty();) {
        seen.put(message);
        bool first = message.contains("/start");
        std::string answer = first ? redirect(row.status, "/end") : response("there");
        if (message.starts_with("HEAD")) answer.erase(answer.find("\r\n\r\n") + 4);
        peer.send(answer);
      }
    });
    ClientRequest request{.method = row.method, .url = server.url("/start")};
    if (request.method != "GET" && request.method != "HEAD") request.body = "payload";
    request.headers.set("Content-Type", "x/y");
    auto result = fetch(*client, request);
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    CHECK(result->status == 200);
    seen.take();
    std::string second = *seen.take();
    CHECK(first_line(second) == std::string(row.followed) + " /end HTTP/1.1");
    CHECK(second.ends_with("payload") == row.with_body);
  }
}

TEST_CASE("redirects: credentials stay with their server") {
  Mailbox<std::string> seen;
  ScriptedServer other([&](Peer& peer) {
    seen.put(peer.read_message());
    peer.send(response("other"));
  });
  ScriptedServer first([&](Peer& peer) {
    for (std::string message; !(message = peer.read_message()).empty();) {
      if (message.contains("/away")) {
        peer.send(redirect(307, other.url("/x")));
      } else if (message.contains("/here")) {
        peer.send(redirect(307, "/stay"));
      } else {
        seen.put(message);
        peer.send(response("first"));
      }
    }
  });
  auto client = Client::create();
  for (bool away : {false, true}) {
    ClientRequest request{.url = first.url(away ? "/away" : "/here")};
    request.headers.set("Authorization", "Bearer t");
    request.headers.set("Cookie", "c=1");
    request.headers.set("X-Kept", "yes");
    request.own_headers.set("X-Own", "secret");
    auto result = fetch(*client, request);
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    std::string message = *seen.take();
    CHECK(message.contains("X-Kept: yes"));
    CHECK(message.contains("Authorization") == !away);
    CHECK(message.contains("Cookie") == !away);
    CHECK(message.contains("X-Own: secret") == !away);
  }
}

TEST_CASE("redirects: how they end") {
  std::atomic<int> asked = 0;
  ScriptedServer server([&](Peer& peer) {
    for (std::string message; !(message = peer.read_message()).empty();) {
      ++asked;
      if (message.contains("/bad")) peer.send(redirect(302, "ftp://x/"));
      if (message.contains("/unix")) peer.send(redirect(302, "unix:///run/docker.sock"));
      if (message.contains("/loop")) peer.send(redirect(302, "/loop"));
    }
  });
  struct Row {
    const char* target;
    std::string message;
    int requests;
  };
  const Row rows[] = {
      {"/loop", "stopped after 10 redirects", 11},
      {"/bad", "redirect: url \"ftp://x/\": scheme \"ftp\" is not one of http, https, unix", 1},
      {"/unix", "a redirect from " + server.url("") + " to unix:///run/docker.sock is not followed", 1},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    asked = 0;
    auto result = fetch(*client, {.url = server.url(row.target)});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().message == "GET " + server.url(row.target) + ": " + row.message);
    CHECK(asked == row.requests);
  }
  auto kept = fetch(*client, {.url = server.url("/loop"), .follow_redirects = false});
  REQUIRE(kept.has_value());
  CHECK(kept->status == 302);
  CHECK(kept->body == "body");
}

TEST_CASE("redirects: a streamed body is the last one's only") {
  ScriptedServer server([&](Peer& peer) {
    peer.read_message();
    peer.send(redirect(302, "/end"));
    peer.read_message();
    peer.send(response("end"));
  });
  auto client = Client::create();
  Mailbox<bool> done;
  std::string body;
  int heads = 0;
  auto pending =
      client->send({.url = server.url()}, {.on_head = [&](const ClientResponse&) { ++heads; },
                                           .on_data = [&](std::string_view piece) { body += piece; },
                                           .on_done = [&](auto result) { done.put(result.has_value()); }});
  CHECK(done.take() == true);
  CHECK(body == "end");
  CHECK(heads == 1);
}

TEST_CASE("proxy: plain requests name the whole URL") {
  Mailbox<std::string> seen;
  ScriptedServer proxy([&](Peer& peer) {
    seen.put(peer.read_message());
    peer.send(response("by proxy"));
  });
  auto client = Client::create();
  ClientRequest request{.url = "http://somewhere.invalid/a?b"};
  request.proxy.url = "http://u:p@127.0.0.1:" + std::to_string(proxy.port());
  auto result = fetch(*client, request);
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  CHECK(result->body == "by proxy");
  std::string message = *seen.take();
  CHECK(first_line(message) == "GET http://somewhere.invalid/a?b HTTP/1.1");
  CHECK(message.contains("\r\nHost: somewhere.invalid\r\n"));
  CHECK(message.contains("\r\nProxy-Authorization: Basic dTpw\r\n"));
}

TEST_CASE("proxy: one that refuses a tunnel says so") {
  Mailbox<std::string> seen;
  ScriptedServer proxy([&](Peer& peer) {
    seen.put(peer.read_message());
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = Client::create();
  ClientRequest request{.url = "https://somewhere.invalid/"};
  request.proxy.url = "http://127.0.0.1:" + std::to_string(proxy.port());
  auto result = fetch(*client, request);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message ==
        fmt::format("GET https://somewhere.invalid:443/: proxy 127.0.0.1:{}: it answered "
                    "403 Forbidden to CONNECT somewhere.invalid:443",
                    proxy.port()));
  CHECK(first_line(*seen.take()) == "CONNECT somewhere.invalid:443 HTTP/1.1");
}

TEST_CASE("cancel: no event after the Pending is gone") {
  Mailbox<bool> asked;
  std::atomic<int> closed = 0;
  ScriptedServer server([&](Peer& peer) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    asked.put(true);
    while (peer.send("1\r\nx\r\n")) {
    }
    ++closed;
  });
  auto client = Client::create();
  SUBCASE("from another thread, while pieces come") {
    for (int i = 0; i < 20; ++i) {
      // Not atomic on purpose: the destructor orders the client's thread before us.
      int events = 0;
      bool gone = false;
      Mailbox<bool> first;
      auto pending = client->send({.url = server.url()}, {.on_data =
                                                              [&](std::string_view) {
                                                                CHECK_FALSE(gone);
                                                                if (events++ == 0) first.put(true);
                                                              },
                                                          .on_done = [&](auto) { ++events; }});
      first.take();
      pending.reset();
      gone = true;
      int before = events;
      asked.take();
      CHECK(events == before);
    }
  }
  SUBCASE("from inside an event") {
    std::unique_ptr<Pending> pending;
    std::mutex mutex;  // the event may come before send() has returned
    Mailbox<bool> cancelled;
    auto kept = std::make_shared<int>(1);
    std::unique_lock lock(mutex);
    pending = client->send({.url = server.url()}, {.on_data =
                                                       [&, kept](std::string_view) {
                                                         std::lock_guard inner(mutex);
                                                         pending.reset();
                                                         cancelled.put(*kept == 1);
                                                       },
                                                   .on_done = [&](auto) { cancelled.put(false); }});
    lock.unlock();
    CHECK(cancelled.take() == true);
    lock.lock();
  }
  SUBCASE("before anything has happened") {
    for (int i = 0; i < 50; ++i) {
      client->send({.url = server.url()}, {.on_done = [&](auto) { CHECK(false); }});
    }
  }
  SUBCASE("with the client") {
    auto pending = client->send({.url = server.url()}, {.on_done = [&](auto) { CHECK(false); }});
    asked.take();
    client.reset();
    pending.reset();
  }
}

TEST_CASE("cancel: what the events hold is let go with the Pending") {
  ScriptedServer server([&](Peer& peer) { peer.closed_by_other(); });
  auto client = Client::create();
  auto held = std::make_shared<int>(1);
  auto pending = client->send({.url = server.url()}, {.on_done = [held](auto) {}});
  CHECK(held.use_count() == 2);
  pending.reset();
  CHECK(held.use_count() == 1);
}

TEST_CASE("client: many requests at once, from many threads") {
  auto server = start([](const Request& request, Reply reply) { reply({.body = request.target}); });
  auto client = Client::create();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        std::string target = fmt::format("/{}/{}", t, i);
        auto result = fetch(*client, {.url = url_of(*server, target)});
        if (result && result->body == target) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 200);
}

}  // namespace weir::net::test
