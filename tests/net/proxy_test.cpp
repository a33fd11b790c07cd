// Which proxy a request goes through, and what that proxy is told.
#include "net/proxy.h"

#include <doctest/doctest.h>

#include "loopback.h"

namespace weir::net::test {

TEST_CASE("proxy: what no_proxy names") {
  struct Row {
    const char* no_proxy;
    const char* url;
    bool is_named;
  };
  const Row rows[] = {
      {"", "http://a.example", false},
      {"*", "http://a.example", true},
      {"a.example", "http://a.example", true},
      {"A.Example", "http://a.EXAMPLE:8080", true},
      {"example", "http://a.example", true},
      {"ample", "http://a.example", false},
      {"ba.example,example.a", "http://a.example", false},
      {".example", "http://a.example", true},
      {"*.example", "http://b.a.example", true},
      {".a.example", "http://a.example", false},
      {"b.example , a.example", "https://a.example", true},
      {",,", "http://a.example", false},
      {"a.example:8080", "http://a.example:8080", true},
      {"a.example:8080", "http://a.example", false},
      {"a.example:443", "https://a.example", true},
      {"a.example:x", "https://a.example", false},
      {"10.1.2.3", "http://10.1.2.3", true},
      {"10.1.2.3:81", "http://10.1.2.3", false},
      {"10.0.0.0/8", "http://10.1.2.3", true},
      {"10.0.0.0/8", "http://11.1.2.3", false},
      {"10.1.2.9/8", "http://10.7.7.7", true},
      {"10.0.0.0/99", "http://10.1.2.3", false},
      {"10.0.0.0/8", "http://a.example", false},
      {"fd00::/8", "http://[fd12::1]", true},
      {"fd00::/8", "http://10.1.2.3", false},
      {"::1", "http://[::1]", true},
      {"[fd12::1]:80", "http://[fd12::1]", true},
      {"[fd12::1]:81", "http://[fd12::1]", false},
      {"[", "http://a.example", false},
      {"[]", "http://a.example", false},
      {":80", "http://a.example", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.no_proxy);
    CAPTURE(row.url);
    CHECK(needs_no_proxy(row.no_proxy, *parse_url(row.url)) == row.is_named);
  }
}

TEST_CASE("proxy: which one") {
  const ProxyEnvironment environment{.http_proxy = "plain.example:3128",
                                     .https_proxy = "http://tls.example:3129",
                                     .no_proxy = "near.example"};
  struct Row {
    ProxyOptions options;
    const char* url;
    std::string proxy;  // "" none
  };
  const ProxyOptions by_url{.url = "http://p.example:1"};
  const ProxyOptions with_no_proxy{.url = "http://p.example:1", .no_proxy = "a.example"};
  const ProxyOptions by_environment{.from_environment = true};
  const Row rows[] = {
      {{}, "http://a.example", ""},
      {by_url, "http://a.example", "http://p.example:1"},
      {by_url, "https://a.example", "http://p.example:1"},
      {by_url, "http://localhost", "http://p.example:1"},
      {by_url, "unix:///run/x.sock", ""},
      {with_no_proxy, "http://a.example", ""},
      {with_no_proxy, "http://b.example", "http://p.example:1"},
      {with_no_proxy, "http://localhost:80", ""},
      {with_no_proxy, "http://127.0.0.9", ""},
      {with_no_proxy, "http://[::1]", ""},
      {by_environment, "http://a.example", "http://plain.example:3128"},
      {by_environment, "https://a.example", "http://tls.example:3129"},
      {by_environment, "https://x.near.example", ""},
      {by_environment, "http://localhost", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    auto proxy = choose_proxy(row.options, environment, *parse_url(row.url));
    REQUIRE_MESSAGE(proxy.has_value(), proxy.error().message);
    CHECK((*proxy ? (*proxy)->origin() : "") == row.proxy);
  }
  auto none = choose_proxy(by_environment, {}, *parse_url("http://a.example"));
  CHECK((none.has_value() && !*none));
  auto bad = choose_proxy(by_environment, {.https_proxy = "socks5://x"}, *parse_url("https://a.example"));
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message == "HTTPS_PROXY: only http:// proxies are supported, and this one is socks5://");
}

TEST_CASE("proxy: a tunnel is asked for with the proxy's own headers") {
  Mailbox<std::string> seen;
  ScriptedServer proxy([&](Peer& peer) {
    seen.put(peer.read_message());
    peer.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = Client::create();
  ClientRequest request{.url = "https://far.invalid/"};
  request.headers.set("Authorization", "Bearer for the server");
  request.proxy = {.url = "http://u:p@127.0.0.1:" + std::to_string(proxy.port()),
                   .connect_headers = {{"X-Tenant", "one"}, {"X-Tenant", "two"}}};
  auto result = fetch(*client, request);
  REQUIRE_FALSE(result.has_value());
  CHECK_MESSAGE(result.error().message.contains("407 Proxy Authentication Required"), result.error().message);
  CHECK(*seen.take() ==
        "CONNECT far.invalid:443 HTTP/1.1\r\nHost: far.invalid:443\r\nUser-Agent: weir\r\nX-Tenant: one\r\n"
        "X-Tenant: two\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
  request.proxy.connect_headers = {{"Proxy-Authorization", "Bearer mine"}};
  fetch(*client, request);
  std::string asked = *seen.take();
  CHECK(asked.contains("\r\nProxy-Authorization: Bearer mine\r\n"));
  CHECK_FALSE(asked.contains("dTpw"));
  request.proxy.connect_headers = {{"X-A", "b\r\nC: d"}};
  CHECK(fetch(*client, request).error().message ==
        "https://far.invalid:443/: \"X-A\" cannot be sent to a proxy as a header");
}

TEST_CASE("proxy: of the environment, and asked for again where a redirect leads elsewhere") {
  ScriptedServer near([](Peer& peer) {
    peer.read_message();
    peer.send(response("near, without it"));
  });
  Mailbox<std::string> seen;
  ScriptedServer proxy([&](Peer& peer) {
    for (std::string message; !(message = peer.read_message()).empty();) {
      seen.put(message);
      peer.send(message.contains("/go") ? fmt::format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: "
                                                      "0\r\n\r\n",
                                                      near.url("/"))
                                        : response("by proxy"));
    }
  });
  auto client = Client::create({.http_proxy = "127.0.0.1:" + std::to_string(proxy.port())});
  ClientRequest request{.url = "http://far.invalid/stay"};
  request.proxy.from_environment = true;
  auto result = fetch(*client, request);
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  CHECK(result->body == "by proxy");
  CHECK(seen.take()->starts_with("GET http://far.invalid/stay HTTP/1.1\r\n"));
  request.url = "http://far.invalid/go";
  result = fetch(*client, request);
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  CHECK(result->body == "near, without it");
  // One that does not ask for it goes without.
  CHECK(fetch(*client, {.url = near.url("/")})->body == "near, without it");
}

}  // namespace weir::net::test
