// The client against servers that write their bytes by hand.
#include <zlib.h>

#include <atomic>

#include <doctest/doctest.h>

#include "loopback.h"
#include "tests/support/temp_dir.h"

namespace weir::net::test {

namespace {

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string result(compressBound(bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

}  // namespace

TEST_CASE("client: the bytes of a request") {
  struct Row {
    const char* name;
    ClientRequest request;
    std::string_view target;
    std::string bytes;
  };
  const Row rows[] = {
      {"get",
       {},
       "/a/b?c=d#e",
       "GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: weir\r\nAccept-Encoding: gzip\r\n\r\n"},
      {"post",
       {.method = "POST", .body = "xyz"},
       "/p",
       "POST /p HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: weir\r\nAccept-Encoding: "
       "gzip\r\nContent-Length: 3\r\n\r\nxyz"},
      {"an empty post",
       {.method = "POST"},
       "",
       "POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: weir\r\nAccept-Encoding: "
       "gzip\r\nContent-Length: 0\r\n\r\n"},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Mailbox<std::string> seen;
    ScriptedServer server([&](Peer& peer) {
      seen.put(peer.read_message());
      peer.send(response("ok"));
    });
    ClientRequest request = row.request;
    request.url = server.url(row.target);
    CHECK(outcome_of(fetch(*client, request)) == "200 ok");
    std::string expected = row.bytes;
    expected.replace(expected.find("PORT"), 4, std::to_string(server.port()));
    CHECK(seen.take() == expected);
  }
}

TEST_CASE("client: credentials of the URL are sent, and headers win over them") {
  Mailbox<std::string> seen;
  ScriptedServer server([&](Peer& peer) {
    seen.put(peer.read_message());
    peer.send(response("ok"));
  });
  auto client = Client::create();
  std::string url = "http://ann:p%40ss@127.0.0.1:" + std::to_string(server.port());
  fetch(*client, {.url = url});
  CHECK(seen.take()->contains("\r\nAuthorization: Basic YW5uOnBAc3M=\r\n"));
  ClientRequest request{.url = url};
  request.headers.set("authorization", "Bearer t");
  fetch(*client, request);
  std::string bytes = *seen.take();
  CHECK(bytes.contains("\r\nauthorization: Bearer t\r\n"));
  CHECK_FALSE(bytes.contains("Basic"));
}

TEST_CASE("client: forms of a response") {
  struct Row {
    const char* name;
    std::string bytes, result;
    std::string method = "GET";
  };
  const std::string zipped = gzip("unzipped");
  const Row rows[] = {
      {"with a length", response("abc"), "200 abc"},
      {"in chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: r\r\n\r\n",
       "200 abc"},
      {"to the end", "HTTP/1.0 200 OK\r\n\r\nabc", "200 abc"},
      {"no body", "HTTP/1.1 204 No Content\r\n\r\n", "204 "},
      {"an error", "HTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\nx", "500 x"},
      {"after others",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + response("abc"), "200 abc"},
      {"to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "200 ", "HEAD"},
      {"gzip", response(zipped, "Content-Encoding: gzip\r\n"), "200 unzipped"},
      {"broken gzip", response(zipped.substr(0, 12), "Content-Encoding: gzip\r\n"),
       "error: GET URL: inflate: the gzip stream is broken or cut short"},
      {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
       "error: GET URL: the connection was closed in the middle of the response"},
      {"cut short in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
       "error: GET URL: the connection was closed in the middle of the response"},
      {"nothing", "", "error: GET URL: the connection was closed before a response"},
      {"half a head",
       "HTTP/1.1 200 OK\r\nA:", "error: GET URL: the connection was closed in the middle of the response"},
      {"no http", "SSH-2.0-OpenSSH\r\n\r\n", "error: GET URL: malformed response: bad version"},
      {"too large", response(std::string(1001, 'x')),
       "error: GET URL: malformed response: the body is larger than the limit"},
      {"too large in chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'),
       "error: GET URL: malformed response: the body is larger than the limit"},
      {"too large unzipped", response(gzip(std::string(1001, 'x')), "Content-Encoding: gzip\r\n"),
       "error: GET URL: inflate: more than 1000 bytes"},
      {"an endless head", "HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x'),
       "error: GET URL: malformed response: the head is larger than the limit"},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ScriptedServer server([&](Peer& peer) {
      peer.read_message();
      peer.send(row.bytes);
    });
    std::string expected = row.result;
    if (std::size_t at = expected.find("URL"); at != std::string::npos) expected.replace(at, 3, server.url());
    ClientRequest request{.method = row.method, .url = server.url()};
    request.max_body_bytes = 1000;
    CHECK(outcome_of(fetch(*client, request)) == expected);
  }
}

TEST_CASE("client: connections are used again, and stale ones replaced") {
  std::atomic<int> connections = 0;
  std::atomic<int> per_connection = 100;
  ScriptedServer server([&](Peer& peer) {
    ++connections;
    int answered = 0;
    do {
      if (peer.read_message().empty()) return;
      peer.send(response("ok"));
    } while (++answered < per_connection);
  });
  auto client = Client::create();
  for (int i = 0; i < 5; ++i) CHECK(outcome_of(fetch(*client, {.url = server.url()})) == "200 ok");
  CHECK(connections == 1);
  // From now on the server closes after each answer, without a word.
  per_connection = 0;
  CHECK(outcome_of(fetch(*client, {.url = server.url()})) == "200 ok");
  per_connection = 1;
  for (int i = 0; i < 5; ++i) CHECK(outcome_of(fetch(*client, {.url = server.url()})) == "200 ok");
}

TEST_CASE("client: a unix socket, with its own target") {
  tests::TempDir dir;
  Mailbox<std::string> seen;
  ScriptedServer server(
      [&](Peer& peer) {
        seen.put(peer.read_message());
        peer.send(response("by socket"));
      },
      dir.path() / "s");
  auto client = Client::create();
  std::string url = "unix://" + (dir.path() / "s").string();
  CHECK(outcome_of(fetch(*client, {.url = url, .unix_target = "/containers/json?all=1"})) == "200 by socket");
  CHECK(seen.take()->starts_with("GET /containers/json?all=1 HTTP/1.1\r\nHost: localhost\r\n"));
  std::string missing = "unix://" + (dir.path() / "none").string();
  CHECK(outcome_of(fetch(*client, {.url = missing})) == "error: GET " + missing + "/: connect to " +
                                                            (dir.path() / "none").string() +
                                                            ": no such file or directory");
}

TEST_CASE("client: a streamed body comes piece by piece, after its head") {
  Mailbox<std::string> pieces;
  Mailbox<bool> go_on;
  ScriptedServer server([&](Peer& peer) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    go_on.take();
    peer.send("3\r\ntwo\r\n0\r\n\r\n");
  });
  auto client = Client::create();
  Mailbox<Result<ClientResponse>> done;
  auto pending =
      client->send({.url = server.url()},
                   {.on_head = [&](const ClientResponse& head) { pieces.put(std::to_string(head.status)); },
                    .on_data = [&](std::string_view piece) { pieces.put(std::string(piece)); },
                    .on_done = [&](Result<ClientResponse> result) { done.put(std::move(result)); }});
  CHECK(pieces.take() == "200");
  CHECK(pieces.take() == "one");
  CHECK(done.empty());
  go_on.put(true);
  CHECK(pieces.take() == "two");
  CHECK(outcome_of(*done.take()) == "200 ");
}

TEST_CASE("client: limits in time, each by its name") {
  struct Row {
    const char* name;
    ClientRequest request;
    std::string sent, message;
  };
  const Duration soon = std::chrono::milliseconds(40);
  const std::string part = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab";
  const Row rows[] = {
      {"head", {.header_timeout = soon}, "HTTP/1.1 20", "no response within 40ms"},
      {"body", {.idle_timeout = soon}, part, "no more of the body within 40ms"},
      {"total", {.total_timeout = soon}, part, "not finished within 40ms"},
      {"tls", {.connect_timeout = soon}, "", "no TLS handshake within 40ms"},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ScriptedServer server([&](Peer& peer) {
      if (!row.sent.empty()) peer.read_message();
      peer.send(row.sent);
      peer.closed_by_other();
    });
    ClientRequest request = row.request;
    request.url = server.url();
    if (row.name == std::string_view("tls")) request.url.insert(4, "s");
    CHECK(outcome_of(fetch(*client, request)) == "error: GET " + request.url + ": " + row.message);
  }
}

TEST_CASE("client: what cannot be asked for says why") {
  struct Row {
    ClientRequest request;
    std::string message;
  };
  ClientRequest bad_header{.url = "http://127.0.0.1:1/"};
  bad_header.headers.set("X-A", "b\r\nC: d");
  ClientRequest bad_proxy{.url = "http://127.0.0.1:1/", .proxy = {.url = "socks5://127.0.0.1:1"}};
  const Row rows[] = {
      {{.url = "example"}, "url \"example\": it must begin with http://, https:// or unix://"},
      {{.url = "ftp://x/"}, "url \"ftp://x/\": scheme \"ftp\" is not one of http, https, unix"},
      {{.method = "GE T", .url = "http://127.0.0.1:1/"}, "http://127.0.0.1:1/: \"GE T\" is no method"},
      {bad_header, "http://127.0.0.1:1/: the value of header X-A holds a control character"},
      {bad_proxy,
       "http://127.0.0.1:1/: proxy: only http:// proxies are supported, and this one is socks5://"},
      {{.url = "http://127.0.0.1:1/"}, "GET http://127.0.0.1:1/: connect to 127.0.0.1:1: connection refused"},
      {{.url = "http://name.invalid/"},
       "GET http://name.invalid:80/: resolve \"name.invalid\": there is no such host"},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    ClientRequest request = row.request;
    if (request.url.contains("invalid")) continue;  // depends on the machine's name server
    CHECK(outcome_of(fetch(*client, request)) == "error: " + row.message);
  }
}

TEST_CASE("client: a name of the hosts file") {
  ScriptedServer server([](Peer& peer) {
    peer.read_message();
    peer.send(response("ok"));
  });
  auto client = Client::create();
  CHECK(outcome_of(fetch(*client, {.url = "http://localhost:" + std::to_string(server.port())})) == "200 ok");
}

TEST_CASE("client: big bodies go both ways") {
  auto server = start([](const Request& request, Reply reply) { reply({.body = request.body}); },
                      {.max_body_bytes = 32 << 20});
  auto client = Client::create();
  std::string body(9 << 20, 'y');
  auto result = fetch(*client, {.method = "POST", .url = url_of(*server), .body = body});
  REQUIRE(result.has_value());
  CHECK(result->body == body);
}

TEST_CASE("client: an answer to half a request counts") {
  auto server = start([](const Request&, Reply reply) { reply({}); }, {.max_body_bytes = 1000});
  auto client = Client::create();
  auto result = fetch(*client, {.method = "POST", .url = url_of(*server), .body = std::string(3 << 20, 'z')});
  CHECK(outcome_of(result) == "413 request: the body is larger than the limit\n");
}

}  // namespace weir::net::test
