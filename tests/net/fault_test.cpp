// What a server can do to a client, one fault after the other: the table that is printed says how each ended,
// and when.
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>

#include <doctest/doctest.h>

#include "identity.h"
#include "loopback.h"

namespace weir::net::test {

namespace {

constexpr Duration kSoon = std::chrono::milliseconds(100);
constexpr Duration kLate = std::chrono::seconds(10);

struct Fault {
  const char* name;
  ScriptedServer::Serve serve;
  std::string outcome;  // its beginning
  std::string scheme = "http";
};

// Short is the deadline that is to pass, and only that: the machine may be busy.
ClientRequest request_of(const std::string& url, const Identity& ca, std::string_view expected) {
  auto limit = [&](std::string_view phase) { return expected.contains(phase) ? kSoon : kLate; };
  return {.url = url,
          .tls = {.ca_pem = ca.certificate_pem()},
          .connect_timeout = std::min(limit("not connected"), limit("no TLS handshake")),
          .header_timeout = limit("no response"),
          .idle_timeout = limit("no more of the body"),
          .total_timeout = limit("not finished"),
          .max_body_bytes = 1 << 20};
}

std::string outcome_of(const Result<ClientResponse>& result) {
  return result ? fmt::format("{}, {} bytes", result->status, result->body.size()) : result.error().message;
}

// The row as it is printed, and the check of it.
void meet(const char* name, const std::string& url, const Identity& ca, const std::string& expected) {
  auto client = Client::create();
  auto begin = std::chrono::steady_clock::now();
  std::string outcome = outcome_of(fetch(*client, request_of(url, ca, expected)));
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  outcome.erase(0, outcome.starts_with("GET ") ? outcome.find(": ") + 2 : 0);
  fmt::print("| {:<30} | {:>6} ms | {} |\n", name, took.count(), outcome.substr(0, 100));
  CHECK_MESSAGE(outcome.starts_with(expected), name << ": " << outcome);
  CHECK(took < kLate);
}

// Not closed in order, but gone.
void reset(Peer& peer) {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  ::connect(peer.fd(), &nowhere, sizeof nowhere);
}

// A port whose queue of connections is full: what comes is not answered at all.
class Blackhole {
 public:
  Blackhole() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 0) == 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(waiting_.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  std::uint16_t port() const { return port_; }

 private:
  Fd listener_;
  std::uint16_t port_ = 0;
  std::vector<Fd> waiting_;
};

// Answers by TLS, as who it is given.
ScriptedServer::Serve by_tls(const Identity& identity) {
  return [&identity](Peer& peer) {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), peer.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    char piece[4096];
    SSL_read(ssl.get(), piece, sizeof piece);
    std::string answer = response("ok");
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    peer.closed_by_other();
  };
}

// Sends again and again, until nobody takes it any more.
void send_for_ever(Peer& peer, std::string_view bytes, Duration pause = {}) {
  while (peer.send(bytes)) std::this_thread::sleep_for(pause);
}

}  // namespace

TEST_CASE("faults of a server, as the client meets them") {
  Identity ca = make_identity("ca", nullptr);
  Identity good = make_identity("server", &ca, "DNS:localhost");
  Identity misnamed = make_identity("server", &ca, "DNS:elsewhere.example");
  Identity expired = make_identity("server", &ca, "DNS:localhost", {-7200, -3600});
  Identity early = make_identity("server", &ca, "DNS:localhost", {3600, 7200});
  Identity other_ca = make_identity("other ca", nullptr);
  Identity foreign = make_identity("server", &other_ca, "DNS:localhost");
  const auto slowly = std::chrono::milliseconds(20);
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const Fault faults[] = {
      {"none", by_tls(good), "200, 2 bytes", "https"},
      {"accepts and is silent", [](Peer& peer) { peer.closed_by_other(); }, "no response within 100ms"},
      {"silent before TLS", [](Peer& peer) { peer.closed_by_other(); }, "no TLS handshake within 100ms",
       "https"},
      {"closes at once", [](Peer&) {}, "the connection was closed before a response"},
      {"slow head",
       [&](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200 OK\r\n");
         send_for_ever(peer, "X: y\r\n", slowly);
       },
       "no response within 100ms"},
      {"stalls in the body",
       [](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
         peer.closed_by_other();
       },
       "no more of the body within 100ms"},
      {"slow body",
       [&](Peer& peer) {
         peer.read_message();
         peer.send(chunked);
         send_for_ever(peer, "1\r\nx\r\n", slowly);
       },
       "not finished within 100ms"},
      {"reset in the head",
       [](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200");
         reset(peer);
       },
       "connection reset by peer"},
      {"cut in the body",
       [](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
       },
       "the connection was closed in the middle of the response"},
      {"cut in a chunk",
       [&](Peer& peer) {
         peer.read_message();
         peer.send(chunked + "a\r\nabc");
       },
       "the connection was closed in the middle of the response"},
      {"garbage",
       [](Peer& peer) {
         peer.read_message();
         peer.send("\x7f\x45LF\x02\x01\x01 what is this?\r\n\r\n");
       },
       "malformed response: "},
      {"garbage for a chunk",
       [&](Peer& peer) {
         peer.read_message();
         peer.send(chunked + "zz\r\nabc\r\n");
       },
       "malformed response: "},
      {"two lengths",
       [](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
       },
       "malformed response: "},
      {"huge head",
       [](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200 OK\r\n");
         send_for_ever(peer, "X: " + std::string(4000, 'y') + "\r\n");
       },
       "malformed response: the head is larger than the limit"},
      {"huge body, announced",
       [](Peer& peer) {
         peer.read_message();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
       },
       "malformed response: the body is larger than the limit"},
      {"endless body",
       [&](Peer& peer) {
         peer.read_message();
         peer.send(chunked);
         send_for_ever(peer, "4000\r\n" + std::string(0x4000, 'y') + "\r\n");
       },
       "malformed response: the body is larger than the limit"},
      {"redirects for ever",
       [](Peer& peer) {
         while (!peer.read_message().empty()) {
           peer.send("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
         }
       },
       "stopped after 10 redirects"},
      {"interim answers for ever",
       [](Peer& peer) {
         peer.read_message();
         send_for_ever(peer, "HTTP/1.1 100 Continue\r\n\r\n", std::chrono::milliseconds(1));
       },
       "no response within 100ms"},
      {"certificate of another name", by_tls(misnamed),
       "tls: the certificate of \"localhost\" is not accepted: hostname mismatch", "https"},
      {"certificate of another CA", by_tls(foreign),
       "tls: the certificate of \"localhost\" is not accepted: ", "https"},
      {"expired certificate", by_tls(expired),
       "tls: the certificate of \"localhost\" is not accepted: certificate has expired", "https"},
      {"certificate not yet valid", by_tls(early),
       "tls: the certificate of \"localhost\" is not accepted: certificate is not yet valid", "https"},
      {"plain HTTP where TLS should be",
       [](Peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"); },
       "tls handshake with \"localhost\": ", "https"},
  };
  fmt::print("| fault | latency | outcome (the phase that is waited in vain has 100 ms) |\n|---|---|---|\n");
  for (const Fault& fault : faults) {
    ScriptedServer server(fault.serve);
    meet(fault.name, fmt::format("{}://localhost:{}/", fault.scheme, server.port()), ca, fault.outcome);
  }
  std::uint16_t closed_port = 0;
  {
    ScriptedServer gone([](Peer&) {});
    closed_port = gone.port();
  }
  std::string closed = fmt::format("127.0.0.1:{}", closed_port);
  meet("refused", "http://" + closed + "/", ca, "connect to " + closed + ": connection refused");
  Blackhole blackhole;
  meet("blackhole", fmt::format("http://127.0.0.1:{}/", blackhole.port()), ca, "not connected within 100ms");
}

}  // namespace weir::net::test
