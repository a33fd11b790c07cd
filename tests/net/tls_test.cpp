// TLS against a server with certificates made here.
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <csignal>
#include <memory>

#include <doctest/doctest.h>

#include "base/file_system.h"
#include "identity.h"
#include "loopback.h"
#include "tests/support/temp_dir.h"

namespace weir::net::test {

namespace {

// Answers each connection's one request with the name the client asked for and
// the client's own name, if it has one.
class TlsServer {
 public:
  TlsServer(const Identity& identity, const Identity& client_ca)
      : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free),
        server_([this](Peer& peer) { serve(peer); }) {
    SSL_CTX_use_certificate(context_.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), identity.key.get());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), client_ca.certificate.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    // A client that does not believe us hangs up while OpenSSL writes.
    std::signal(SIGPIPE, SIG_IGN);
  }

  void speaks_only(int version) {
    // The default level knows no ciphers for what is older than TLS 1.2.
    if (version < TLS1_2_VERSION) SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
  }
  std::uint16_t port() const { return server_.port(); }
  std::string url(const char* host = "localhost") const {
    return fmt::format("https://{}:{}/", host, port());
  }

  static std::string answer_on(SSL* ssl) {
    const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    X509* client = SSL_get0_peer_certificate(ssl);
    char name[64] = "nobody";
    if (client) X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName, name, sizeof name);
    return response(fmt::format("{} {}", asked ? asked : "-", name));
  }

 private:
  void serve(Peer& peer) {
    SSL* ssl = SSL_new(context_.get());
    SSL_set_fd(ssl, peer.fd());
    std::string request;
    char piece[4096];
    while (SSL_accept(ssl) == 1 && !request.contains("\r\n\r\n")) {
      int n = SSL_read(ssl, piece, sizeof piece);
      if (n <= 0) break;
      request.append(piece, static_cast<std::size_t>(n));
      if (!request.contains("\r\n\r\n")) continue;
      std::string answer = answer_on(ssl);
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
  }

  // Outlives the server: it serves until it is destroyed.
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  ScriptedServer server_;
};

std::string text_of(const Result<ClientResponse>& result) {
  return result ? result->body : "error: " + result.error().message;
}

}  // namespace

TEST_CASE("tls: who is believed") {
  Identity ca = make_identity("ca", nullptr);
  Identity other_ca = make_identity("other ca", nullptr);
  Identity server_identity = make_identity("server", &ca, "DNS:localhost,DNS:*.wide.example,IP:127.0.0.1");
  Identity client_identity = make_identity("client", &ca);
  TlsServer server(server_identity, ca);
  tests::TempDir dir;
  std::string ca_file = (dir.path() / "ca.pem").string();
  REQUIRE(write_file_atomically(ca_file, ca.certificate_pem()).has_value());

  struct Row {
    const char* name;
    TlsOptions tls;
    const char* host;
    std::string result;
  };
  const std::string refused = "error: GET URL: tls: the certificate of \"";
  const Row rows[] = {
      {"by name", {.ca_pem = ca.certificate_pem()}, "localhost", "localhost nobody"},
      {"by address, which is never sent as a name",
       {.ca_pem = ca.certificate_pem()},
       "127.0.0.1",
       "- nobody"},
      {"by a file", {.ca_file = ca_file}, "localhost", "localhost nobody"},
      {"by another name",
       {.ca_pem = ca.certificate_pem(), .server_name = "a.wide.example"},
       "127.0.0.1",
       "a.wide.example nobody"},
      {"a wrong name",
       {.ca_pem = ca.certificate_pem(), .server_name = "b.example"},
       "127.0.0.1",
       refused + "b.example\" is not accepted: hostname mismatch"},
      {"a wildcard covers one level",
       {.ca_pem = ca.certificate_pem(), .server_name = "a.b.wide.example"},
       "127.0.0.1",
       refused + "a.b.wide.example\" is not accepted: hostname mismatch"},
      {"a wrong address",
       {.ca_pem = ca.certificate_pem(), .server_name = "127.0.0.2"},
       "127.0.0.1",
       refused + "127.0.0.2\" is not accepted: IP address mismatch"},
      {"unknown to the system",
       {},
       "localhost",
       refused + "localhost\" is not accepted: self-signed certificate in certificate chain"},
      {"issued by another",
       {.ca_pem = other_ca.certificate_pem()},
       "localhost",
       refused + "localhost\" is not accepted: self-signed certificate in certificate chain"},
      {"not verified at all",
       {.server_name = "whatever", .insecure_skip_verify = true},
       "localhost",
       "whatever nobody"},
      {"with a certificate of its own",
       {.ca_pem = ca.certificate_pem(),
        .cert_pem = client_identity.certificate_pem(),
        .key_pem = client_identity.key_pem()},
       "localhost",
       "localhost client"},
      {"with another's key",
       {.ca_pem = ca.certificate_pem(),
        .cert_pem = client_identity.certificate_pem(),
        .key_pem = ca.key_pem()},
       "localhost",
       "error: GET URL: tls key: the key is not that of the certificate"},
      {"a certificate without its key",
       {.cert_pem = client_identity.certificate_pem()},
       "localhost",
       "error: GET URL: tls: a certificate needs its key, and a key its certificate"},
      {"a CA file that is missing",
       {.ca_file = "/nonexistent/ca.pem"},
       "localhost",
       "error: GET URL: tls ca: open /nonexistent/ca.pem: no such file or directory"},
      {"a CA file that is none, but would keep its reader",
       {.ca_file = "/dev/zero"},
       "localhost",
       "error: GET URL: tls ca: read /dev/zero: it is a device: name a file"},
      {"a key file that is none",
       {.cert_pem = client_identity.certificate_pem(), .key_file = "/"},
       "localhost",
       "error: GET URL: tls key: read /: it is a folder: name a file"},
      {"an unknown version",
       {.min_version = "SSL3"},
       "localhost",
       "error: GET URL: tls: min_version \"SSL3\" is not one of TLS10, TLS11, TLS12, TLS13"},
  };
  auto client = Client::create();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::string url = server.url(row.host);
    std::string expected = row.result;
    if (std::size_t at = expected.find("URL"); at != std::string::npos) expected.replace(at, 3, url);
    CHECK(text_of(fetch(*client, {.url = url, .tls = row.tls})) == expected);
  }
}

TEST_CASE("tls: a server that is too old") {
  Identity ca = make_identity("ca", nullptr, "DNS:localhost");
  TlsServer server(ca, ca);
  server.speaks_only(TLS1_2_VERSION);
  auto client = Client::create();
  CHECK(text_of(fetch(*client, {.url = server.url(), .tls = {.ca_pem = ca.certificate_pem()}})) ==
        "localhost nobody");
  std::string error = text_of(
      fetch(*client, {.url = server.url(), .tls = {.ca_pem = ca.certificate_pem(), .min_version = "TLS13"}}));
  CHECK_MESSAGE(error.starts_with("error: GET " + server.url() + ": tls handshake with \"localhost\": "),
                error);
}

TEST_CASE("tls: what is older than 1.2 is not spoken, whatever min_version says") {
  Identity ca = make_identity("ca", nullptr, "DNS:localhost");
  TlsServer server(ca, ca);
  auto client = Client::create();
  for (const char* version : {"TLS10", "TLS11"}) {
    ClientRequest request{.url = server.url(),
                          .tls = {.ca_pem = ca.certificate_pem(), .min_version = version}};
    CHECK(text_of(fetch(*client, request)) == "localhost nobody");
  }
  server.speaks_only(TLS1_1_VERSION);
  std::string error = text_of(
      fetch(*client, {.url = server.url(), .tls = {.ca_pem = ca.certificate_pem(), .min_version = "TLS10"}}));
  CHECK_MESSAGE(error.ends_with("; it must speak TLS 1.2 or newer, and min_version or newer"), error);
}

TEST_CASE("tls: a server that speaks plain HTTP") {
  auto server = start([](const Request&, Reply reply) { reply({}); });
  auto client = Client::create();
  std::string url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
  std::string error = text_of(fetch(*client, {.url = url}));
  CHECK_MESSAGE(error.starts_with("error: GET " + url + ": tls handshake with \"127.0.0.1\": "), error);
}

TEST_CASE("tls: through a proxy's tunnel the name is still the server's") {
  Identity ca = make_identity("ca", nullptr, "DNS:far.invalid");
  TlsServer server(ca, ca);
  Mailbox<std::string> seen;
  // A proxy that knows one server: it passes bytes both ways until either ends.
  ScriptedServer proxy([&](Peer& peer) {
    seen.put(peer.read_message());
    Peer onward = Peer::connect(server.port());
    peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
    auto pass = [](int from, int to) {
      char piece[4096];
      for (ssize_t n; (n = ::recv(from, piece, sizeof piece, 0)) > 0;) {
        if (::send(to, piece, static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) break;
      }
      ::shutdown(to, SHUT_RDWR);
    };
    std::thread back([&] { pass(onward.fd(), peer.fd()); });
    pass(peer.fd(), onward.fd());
    back.join();
  });
  auto client = Client::create();
  ClientRequest request{.url = "https://far.invalid/", .tls = {.ca_pem = ca.certificate_pem()}};
  request.proxy.url = "http://127.0.0.1:" + std::to_string(proxy.port());
  CHECK(text_of(fetch(*client, request)) == "far.invalid nobody");
  CHECK(seen.take()->starts_with("CONNECT far.invalid:443 HTTP/1.1\r\nHost: far.invalid:443\r\n"));
}

}  // namespace weir::net::test
