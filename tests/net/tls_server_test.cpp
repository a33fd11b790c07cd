// The server's side of TLS, and how both sides of it change while it runs.
#include <openssl/ssl.h>

#include <csignal>

#include <doctest/doctest.h>

#include "base/file_system.h"
#include "identity.h"
#include "loopback.h"
#include "tests/support/temp_dir.h"

namespace weir::net::test {

namespace {

void echo(const Request& request, Reply reply) {
  reply(Response::text(200, request.method + " " + request.body));
}

std::string tls_url(const Server& server) {
  return "https://localhost:" + std::to_string(server.port()) + "/";
}

struct Names {
  Identity ca = make_identity("ca", nullptr);
  Identity other_ca = make_identity("other ca", nullptr);
  Identity server = make_identity("server", &ca, "DNS:localhost");
  Identity client = make_identity("client", &ca);
  Identity stranger = make_identity("stranger", &other_ca);

  ServerTlsOptions server_options() const {
    return {.cert_pem = server.certificate_pem(), .key_pem = server.key_pem()};
  }
  TlsOptions client_options(const Identity* identity = nullptr) const {
    TlsOptions options{.ca_pem = ca.certificate_pem()};
    if (identity) {
      options.cert_pem = identity->certificate_pem();
      options.key_pem = identity->key_pem();
    }
    return options;
  }
};

std::unique_ptr<Server> start_tls(const ServerTlsOptions& tls) {
  Server::Options options;
  options.security.tls = tls;
  return start(echo, options);
}

// What a client by OpenSSL alone agrees on with the server; "" when they do not agree.
struct Hello {
  int version = 0;
  const char* ciphers = nullptr;  // of TLS 1.2
  const char* groups = nullptr;
};
std::string agreed(const Server& server, const Hello& hello) {
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (hello.version != 0) SSL_CTX_set_min_proto_version(context.get(), hello.version);
  if (hello.version != 0) SSL_CTX_set_max_proto_version(context.get(), hello.version);
  if (hello.ciphers) REQUIRE(SSL_CTX_set_cipher_list(context.get(), hello.ciphers) == 1);
  if (hello.groups) REQUIRE(SSL_CTX_set1_groups_list(context.get(), hello.groups) == 1);
  Peer peer = Peer::connect(server.port());
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), peer.fd());
  if (SSL_connect(ssl.get()) != 1) return "";
  return fmt::format("{} {}", SSL_get_version(ssl.get()), SSL_get_cipher_name(ssl.get()));
}

// What the server has given a client by the end of an answer.
bool may_resume(const Server& server, int version, const Identity& client) {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  REQUIRE(SSL_CTX_use_certificate(context.get(), client.certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(context.get(), client.key.get()) == 1);
  Peer peer = Peer::connect(server.port());
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), peer.fd());
  REQUIRE(SSL_connect(ssl.get()) == 1);
  constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  REQUIRE(SSL_write(ssl.get(), kGet.data(), static_cast<int>(kGet.size())) > 0);
  char answer[4096];
  int size = SSL_read(ssl.get(), answer, sizeof answer);
  REQUIRE(size > 0);
  CHECK(std::string_view(answer, static_cast<std::size_t>(size)).starts_with("HTTP/1.1 200"));
  return SSL_SESSION_is_resumable(SSL_get0_session(ssl.get())) == 1;
}

}  // namespace

TEST_CASE("tls server: whose clients are served") {
  Names names;
  struct Row {
    const char* type;
    const Identity* client;
    bool served;
  };
  const Row rows[] = {
      {"", nullptr, true},
      {"NoClientCert", &names.stranger, true},
      {"RequestClientCert", nullptr, true},
      {"RequestClientCert", &names.stranger, true},
      {"RequireAnyClientCert", nullptr, false},
      {"RequireAnyClientCert", &names.stranger, true},
      {"VerifyClientCertIfGiven", nullptr, true},
      {"VerifyClientCertIfGiven", &names.client, true},
      {"VerifyClientCertIfGiven", &names.stranger, false},
      {"RequireAndVerifyClientCert", nullptr, false},
      {"RequireAndVerifyClientCert", &names.client, true},
      {"RequireAndVerifyClientCert", &names.stranger, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    CAPTURE(row.served);
    ServerTlsOptions tls = names.server_options();
    tls.client_ca_pem = names.ca.certificate_pem();
    tls.client_auth_type = row.type;
    auto server = start_tls(tls);
    auto client = Client::create();
    std::string result =
        outcome_of(fetch(*client, {.url = tls_url(*server), .tls = names.client_options(row.client)}));
    CHECK_MESSAGE((result == "200 GET ") == row.served, result);
    CHECK_MESSAGE(result.starts_with("error: ") == !row.served, result);
  }
}

TEST_CASE("tls server: no session is resumed, so that every connection is verified") {
  Names names;
  ServerTlsOptions tls = names.server_options();
  tls.client_ca_pem = names.ca.certificate_pem();
  tls.client_auth_type = "RequireAndVerifyClientCert";
  auto server = start_tls(tls);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    CHECK_FALSE(may_resume(*server, version, names.client));
  }
}

TEST_CASE("tls server: versions, cipher suites, curves") {
  Names names;
  struct Row {
    const char* name;
    void (*set)(ServerTlsOptions&);
    Hello hello;
    std::string agreed;
  };
  const Row rows[] = {
      {"newest", [](auto&) {}, {}, "TLSv1.3 TLS_AES_256_GCM_SHA384"},
      {"1.1 is not spoken", [](auto& tls) { tls.min_version = "TLS10"; }, {.version = TLS1_1_VERSION}, ""},
      {"1.2", [](auto&) {}, {.version = TLS1_2_VERSION}, "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"1.2 is too old", [](auto& tls) { tls.min_version = "TLS13"; }, {.version = TLS1_2_VERSION}, ""},
      {"1.3 is too new", [](auto& tls) { tls.max_version = "TLS12"; }, {.version = TLS1_3_VERSION}, ""},
      {"a suite of 1.2",
       [](auto& tls) { tls.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}; },
       {.version = TLS1_2_VERSION},
       "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"none in common",
       [](auto& tls) { tls.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}; },
       {.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"},
       ""},
      {"a suite of 1.3",
       [](auto& tls) { tls.cipher_suites = {"TLS_CHACHA20_POLY1305_SHA256"}; },
       {},
       "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256"},
      {"only suites of 1.3",
       [](auto& tls) { tls.cipher_suites = {"TLS_AES_128_GCM_SHA256"}; },
       {.version = TLS1_2_VERSION},
       ""},
      {"a curve in common",
       [](auto& tls) { tls.curves = {"CurveP384", "X25519"}; },
       {.groups = "P-384"},
       "TLSv1.3 TLS_AES_256_GCM_SHA384"},
      {"no curve in common", [](auto& tls) { tls.curves = {"X25519"}; }, {.groups = "P-384"}, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ServerTlsOptions tls = names.server_options();
    row.set(tls);
    auto server = start_tls(tls);
    CHECK(agreed(*server, row.hello) == row.agreed);
  }
}

TEST_CASE("tls server: what it cannot be started with says why, and changes nothing while it runs") {
  Names names;
  struct Row {
    std::string message;
    std::function<void(ServerTlsOptions&)> set;
  };
  const Row rows[] = {
      {"tls: a server needs a certificate and its key", [](auto& tls) { tls.key_pem.clear(); }},
      {"tls cert: open /nonexistent/c: no such file or directory",
       [](auto& tls) {
         tls.cert_pem.clear();
         tls.cert_file = "/nonexistent/c";
       }},
      {"tls key: the key is not that of the certificate",
       [&](auto& tls) { tls.key_pem = names.client.key_pem(); }},
      {"tls ca: no certificate in PEM form found in it: ",
       [](auto& tls) {
         tls.client_auth_type = "RequireAndVerifyClientCert";
         tls.client_ca_pem = "nonsense";
       }},
      {"tls: client_auth_type \"Maybe\" is not one of NoClientCert, RequestClientCert, ",
       [](auto& tls) { tls.client_auth_type = "Maybe"; }},
      {"tls: min_version \"TLS9\" is not one of TLS10, TLS11, TLS12, TLS13",
       [](auto& tls) { tls.min_version = "TLS9"; }},
      {"tls: min_version TLS13 is newer than max_version TLS12",
       [](auto& tls) {
         tls.min_version = "TLS13";
         tls.max_version = "TLS12";
       }},
      {"tls: cipher suite \"TLS_ROT13\" is not known", [](auto& tls) { tls.cipher_suites = {"TLS_ROT13"}; }},
      {"tls: the cipher suites are all of TLS 1.3, and max_version is older: ",
       [](auto& tls) {
         tls.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
         tls.max_version = "TLS12";
       }},
      {"tls: curve \"P-256\" is not one of CurveP256, CurveP384, CurveP521, X25519",
       [](auto& tls) { tls.curves = {"P-256"}; }},
  };
  auto running = start_tls(names.server_options());
  auto client = Client::create();
  for (const Row& row : rows) {
    Server::Options options{.listen_address = "127.0.0.1:0"};
    options.security.tls = names.server_options();
    row.set(*options.security.tls);
    auto server = Server::start(options, echo);
    REQUIRE_FALSE(server.has_value());
    CHECK_MESSAGE(server.error().message.starts_with(row.message), server.error().message);
    auto changed = running->secure(options.security);
    REQUIRE_FALSE(changed.has_value());
    CHECK(changed.error().message == server.error().message);
    CHECK(outcome_of(fetch(*client, {.url = tls_url(*running), .tls = names.client_options()})) ==
          "200 GET ");
  }
}

TEST_CASE("tls server: many requests on one connection, and big bodies") {
  Names names;
  auto server = start_tls(names.server_options());
  auto client = Client::create();
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{100'000}, std::size_t{3 << 20}}) {
    std::string body(size, 'x');
    ClientRequest request{
        .method = "POST", .url = tls_url(*server), .body = body, .tls = names.client_options()};
    auto result = fetch(*client, request);
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    CHECK(result->body == "POST " + body);
  }
}

TEST_CASE("tls server: who speaks plain HTTP is told so, who says nothing is let go") {
  Names names;
  Server::Options options;
  options.security.tls = names.server_options();
  options.header_timeout = std::chrono::milliseconds(100);
  auto server = start(echo, options);
  auto client = Client::create();
  CHECK(outcome_of(fetch(*client, {.url = url_of(*server)})) ==
        "400 only TLS is spoken here: write https:// instead of http://\n");
  for (std::string_view bytes : {"", "\x16", "\x16\x03\x01\x02"}) {
    Peer peer = Peer::connect(server->port());
    peer.send(bytes);
    CHECK(peer.closed_by_other());
  }
  // No TLS at all behind the first bytes of it.
  Peer peer = Peer::connect(server->port());
  peer.send("\x16 this is no hello whatever one makes of it\r\n\r\n");
  CHECK(peer.closed_by_other());
}

TEST_CASE("tls server: TLS comes and goes, and nobody stays connected as it was before") {
  Names names;
  auto server = start(echo);
  auto client = Client::create();
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  Peer idle = Peer::connect(server->port());
  idle.send(get);
  CHECK(idle.read_message().ends_with("GET "));
  Peer sending = Peer::connect(server->port());
  sending.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(sending.read_message().starts_with("HTTP/1.1 100"));
  REQUIRE(server->secure({.tls = names.server_options()}).has_value());
  CHECK(idle.closed_by_other());
  sending.send("xy");
  CHECK(sending.read_message().starts_with("HTTP/1.1 503"));
  CHECK(sending.closed_by_other());
  CHECK(outcome_of(fetch(*client, {.url = tls_url(*server), .tls = names.client_options()})) == "200 GET ");
  // With the same certificates it stays.
  REQUIRE(server->secure({.tls = names.server_options()}).has_value());
  CHECK(outcome_of(fetch(*client, {.url = tls_url(*server), .tls = names.client_options()})) == "200 GET ");
  Peer silent = Peer::connect(server->port());
  REQUIRE(server->secure({.auth = ServerAuthOptions{.username = "a", .password = "b"}}).has_value());
  CHECK(outcome_of(fetch(*client, {.url = url_of(*server)})).starts_with("401 "));
  silent.send("\x16 a handshake that comes too late");
  CHECK(silent.closed_by_other());
  REQUIRE(server->secure({}).has_value());
  CHECK(outcome_of(fetch(*client, {.url = url_of(*server)})) == "200 GET ");
}

TEST_CASE("server: a password that comes while a body does counts for it, and so does another handler") {
  auto server = start(echo);
  Peer sending = Peer::connect(server->port());
  sending.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(sending.read_message().starts_with("HTTP/1.1 100"));
  Handler teapot = [](const Request&, const Reply& reply) { reply(Response::text(418, "tea\n")); };
  REQUIRE(server->secure({.auth = ServerAuthOptions{.username = "a", .password = "b"}}, teapot).has_value());
  sending.send("xy");
  CHECK(sending.read_message().starts_with("HTTP/1.1 401"));
  sending.send("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YTpi\r\n\r\n");
  CHECK(sending.read_message().starts_with("HTTP/1.1 418"));
}

namespace {

// Files that are replaced while a server uses them.
struct Files {
  explicit Files(const Names& names) : names(names) {
    write(cert, names.server.certificate_pem());
    write(key, names.server.key_pem());
    write(ca, names.ca.certificate_pem());
  }
  void write(const std::string& file, const std::string& pem) {
    REQUIRE(write_file_atomically(file, pem).has_value());
  }

  const Names& names;
  tests::TempDir dir;
  std::string cert = dir.path() / "cert.pem", key = dir.path() / "key.pem", ca = dir.path() / "ca.pem";
};

}  // namespace

TEST_CASE("tls server: a rotated certificate is taken up, half a one is not") {
  Names names;
  Identity next = make_identity("server", &names.other_ca, "DNS:localhost");
  Files files(names);
  const ServerTlsOptions tls{.cert_file = files.cert, .key_file = files.key};
  auto server = start_tls(tls);
  // A client for each request, so that no connection is kept.
  auto ask = [&](const Identity& ca) {
    auto client = Client::create();
    return outcome_of(fetch(*client, {.url = tls_url(*server), .tls = {.ca_pem = ca.certificate_pem()}}));
  };
  CHECK(ask(names.ca) == "200 GET ");
  files.write(files.cert, next.certificate_pem());
  auto half = server->secure({.tls = tls});
  REQUIRE_FALSE(half.has_value());
  CHECK(half.error().message.starts_with("tls key: the key is not that of the certificate"));
  CHECK(ask(names.ca) == "200 GET ");
  files.write(files.key, next.key_pem());
  REQUIRE(server->secure({.tls = tls}).has_value());
  CHECK(ask(names.other_ca) == "200 GET ");
  CHECK(ask(names.ca).starts_with("error: "));
}

TEST_CASE("tls server: who is connected stays so over another certificate, but not over another issuer") {
  Names names;
  Files files(names);
  const ServerTlsOptions tls{.cert_file = files.cert,
                             .key_file = files.key,
                             .client_ca_file = files.ca,
                             .client_auth_type = "RequireAndVerifyClientCert"};
  auto server = start_tls(tls);
  auto client = Client::create();
  auto ask = [&] {
    return outcome_of(fetch(*client, {.url = tls_url(*server), .tls = names.client_options(&names.client)}));
  };
  CHECK(ask() == "200 GET ");
  // A new connection would not believe this one.
  Identity next = make_identity("server", &names.other_ca, "DNS:localhost");
  files.write(files.cert, next.certificate_pem());
  files.write(files.key, next.key_pem());
  REQUIRE(server->secure({.tls = tls}).has_value());
  CHECK(ask() == "200 GET ");
  files.write(files.cert, names.server.certificate_pem());
  files.write(files.key, names.server.key_pem());
  files.write(files.ca, names.other_ca.certificate_pem());
  REQUIRE(server->secure({.tls = tls}).has_value());
  CHECK(ask().starts_with("error: "));
}

}  // namespace weir::net::test
