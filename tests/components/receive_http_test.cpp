#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "components/pyroscope/push_request.h"
#include "components/pyroscope/receive_http.h"
#include "net/http.h"
#include "tests/net/identity.h"
#include "tests/profile/sample_profile.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

using namespace std::literals;

namespace weir {
namespace {

using pyroscope::ReceiveHttp;

class Sink final : public pyroscope::ProfileReceiver {
 public:
  void push(profile::ProfilePtr profile) const override { profiles.push_back(std::move(profile)); }
  mutable std::vector<profile::ProfilePtr> profiles;
};

ReceiveHttp::Arguments arguments(const std::shared_ptr<Sink>& sink) {
  ReceiveHttp::Arguments args;
  args.forward_to = {sink};
  args.http.listen_address = "127.0.0.1";
  args.http.listen_port = 0;
  args.max_body_bytes = 1 << 20;
  return args;
}

class Harness : public testing::ComponentHarness<ReceiveHttp> {
 public:
  explicit Harness(const std::shared_ptr<Sink>& sink) : Harness(arguments(sink)) {}
  explicit Harness(ReceiveHttp::Arguments args) : ComponentHarness(std::move(args)) { start(); }

  std::int64_t number(std::string_view name) {
    // Of a whole number there are two kinds.
    for (const auto& statement : world().debug_info->statements) {
      if (statement.name == name)
        return statement.value.as_uint() ? static_cast<std::int64_t>(*statement.value.as_uint())
                                         : *statement.value.as_int();
    }
    return -1;
  }
  // The answer: status and body. Nothing runs until somebody lets it.
  std::future<std::string> begin(std::string method, std::string path, std::string type, std::string body) {
    net::ClientRequest request{.method = std::move(method),
                               .url = fmt::format("http://127.0.0.1:{}{}", number("port"), path),
                               .body = std::move(body)};
    request.headers.set("Content-Type", type);
    auto promise = std::make_shared<std::promise<std::string>>();
    if (tls_) {
      request.url.insert(4, "s");
      request.tls = *tls_;
    }
    auto take = [promise](Result<net::ClientResponse> got) {
      promise->set_value(got ? fmt::format("{} {}", got->status, got->body) : got.error().message);
    };
    pending_ = client_->send(std::move(request), {.on_head = {}, .on_data = {}, .on_done = take});
    return promise->get_future();
  }
  std::string send(std::string method, std::string path, std::string type, std::string body) {
    auto answer = begin(std::move(method), std::move(path), std::move(type), std::move(body));
    REQUIRE(world().wait_until([&] { return answer.wait_for(0s) == std::future_status::ready; }));
    return answer.get();
  }
  void speak_tls(std::optional<net::TlsOptions> tls) {
    tls_ = std::move(tls);
    client_ = net::Client::create();  // none of its connections is kept
  }

 private:
  std::unique_ptr<net::Client> client_ = net::Client::create();
  std::unique_ptr<net::Pending> pending_;
  std::optional<net::TlsOptions> tls_;
};

}  // namespace

TEST_CASE("pyroscope.receive_http hands over what agents and SDKs send") {
  auto sink = std::make_shared<Sink>();
  Harness component(sink);
  CHECK(component.world().health.message.ends_with("no profile has come yet"));
  profile::Profile profile = profile::testing::sample_profile();
  std::string push = pyroscope::encode_push(profile, {}).at(0)->body;
  CHECK(component.send("POST", "/push.v1.PusherService/Push", "application/proto", push) == "200 ");
  CHECK(component.send("POST", "/push.v1.PusherService/Push", "application/json", R"({"series": []})") ==
        "200 {}");
  CHECK(component.send("POST", "/ingest?name=shop", "text/plain", "main;work 3") == "200 ");
  REQUIRE(sink->profiles.size() == 2);
  CHECK(sink->profiles[0]->id == profile.id);
  CHECK(sink->profiles[0]->total() == profile.total());
  CHECK(sink->profiles[1]->labels.get("service_name") == "shop");
  component.advance(5s);
  CHECK(component.number("requests") == 3);
  CHECK(component.number("profiles") == 2);
  CHECK(component.world().health.message == "2 profiles received, the last 5 s ago");
}

TEST_CASE("pyroscope.receive_http says what it does not take, and counts it") {
  auto sink = std::make_shared<Sink>();
  Harness component(sink);
  CHECK(component.send("POST", "/push.v1.PusherService/Push", "application/proto", "\xff") ==
        R"(400 {"code":"invalid_argument","message":"the body is no push.v1.PushRequest"})");
  CHECK(component.send("GET", "/ingest?name=a", "", "") == "405 only POST is taken here\n");
  CHECK(component.send("POST", "/other", "", "").starts_with("404 there is nothing at this path"));
  CHECK(component.send("POST", "/ingest?name=a&format=jfr", "", "x").starts_with("422 "));
  CHECK(component.send("POST", "/ingest?name=a", "", std::string(2 << 20, 'a')).starts_with("413"));
  CHECK(sink->profiles.empty());
  component.run();
  std::string metrics = component.world().registry.expose();
  // The last its server refused by itself.
  for (const char* reason : {"malformed", "method", "path", "format", "body_size"}) {
    CAPTURE(reason);
    CHECK(metrics.contains(fmt::format("reason=\"{}\"}} 1", reason)));
  }
  component.advance(5s);
  CHECK(component.world().health.state == runtime::HealthState::healthy);
  CHECK(component.world().health.message.contains(
      "no profile has come yet; 5 requests refused, the last 5 s ago as: "));
  component.advance(3h);
  CHECK(component.world().health.message.contains("; 5 requests refused, the last 3 h ago as: "));
}

TEST_CASE("pyroscope.receive_http does not hand over what its sender will send again") {
  auto sink = std::make_shared<Sink>();
  ReceiveHttp::Arguments args = arguments(sink);
  args.http.server_write_timeout = 100ms;
  Harness component(args);
  // Nothing runs until the sender was told that it took too long.
  auto answer = component.begin("POST", "/ingest?name=shop", "text/plain", "main;work 3");
  CHECK(answer.get().starts_with("503 no answer within"));
  component.run();
  CHECK(sink->profiles.empty());
  component.advance(5s);
  CHECK(component.number("profiles") == 0);
  CHECK(component.number("waiting_bytes") == 0);
  CHECK(component.world().registry.expose().contains("reason=\"too_slow\"} 1"));
}

TEST_CASE("pyroscope.receive_http counts the memory of profiles until no receiver has them") {
  auto sink = std::make_shared<Sink>();
  Harness component(sink);
  CHECK(component.send("POST", "/ingest?name=shop", "text/plain", "main;work 3") == "200 ");
  component.advance(5s);
  CHECK(component.number("waiting_bytes") > 0);
  sink->profiles.clear();
  component.advance(5s);
  CHECK(component.number("waiting_bytes") == 0);
}

TEST_CASE("pyroscope.receive_http waits for a port that is taken, and moves to another") {
  auto sink = std::make_shared<Sink>();
  Harness first(sink);
  ReceiveHttp::Arguments args = arguments(sink);
  args.http.listen_port = first.number("port");
  testing::ComponentHarness<ReceiveHttp> second(args);
  second.start();
  CHECK(second.world().health.state == runtime::HealthState::unhealthy);
  SUBCASE("the port becomes free") {
    first.stop();
    second.advance(3s);
  }
  SUBCASE("another port is named") {
    args.http.listen_port = 0;
    second.apply(args);
  }
  CHECK(second.world().health.state == runtime::HealthState::healthy);
}

TEST_CASE("pyroscope.receive_http by TLS: whose certificates it asks for, changed while it runs") {
  net::test::Identity ca = net::test::make_identity("ca", nullptr);
  net::test::Identity server = net::test::make_identity("server", &ca, "IP:127.0.0.1");
  net::test::Identity sender = net::test::make_identity("sender", &ca);
  auto sink = std::make_shared<Sink>();
  ReceiveHttp::Arguments args = arguments(sink);
  Harness component(args);
  auto ingest = [&] { return component.send("POST", "/ingest?name=shop", "text/plain", "main;work 3"); };
  CHECK(ingest() == "200 ");
  std::int64_t port = component.number("port");

  args.http.tls.emplace();
  args.http.tls->cert_pem = server.certificate_pem();
  args.http.tls->key_pem.text = server.key_pem();
  args.http.tls->client_ca = ca.certificate_pem();
  args.http.tls->client_auth_type = "RequireAndVerifyClientCert";
  component.apply(args);
  CHECK(component.number("port") == port);
  component.speak_tls({});
  CHECK(ingest().starts_with("400 only TLS is spoken here"));
  component.speak_tls(net::TlsOptions{.ca_pem = ca.certificate_pem()});
  CHECK_FALSE(ingest().starts_with("200"));
  component.speak_tls(net::TlsOptions{
      .ca_pem = ca.certificate_pem(), .cert_pem = sender.certificate_pem(), .key_pem = sender.key_pem()});
  CHECK(ingest() == "200 ");
  CHECK(sink->profiles.size() == 2);
  component.advance(5s);
  CHECK(component.world().registry.expose().contains(R"(reason="tls"} 2)"));

  // What the world lacks is health, and nobody is let in meanwhile.
  args.http.tls->cert_pem.clear();
  args.http.tls->cert_file = "/nonexistent/cert.pem";
  component.apply(args);
  CHECK(component.world().health.message.starts_with("tls cert: open /nonexistent/cert.pem"));
}

TEST_CASE("pyroscope.receive_http by TLS: files that change are read again, and what is unusable is said") {
  net::test::Identity ca = net::test::make_identity("ca", nullptr);
  net::test::Identity server = net::test::make_identity("server", &ca, "IP:127.0.0.1");
  net::test::Identity other_ca = net::test::make_identity("other ca", nullptr);
  net::test::Identity next = net::test::make_identity("server", &other_ca, "IP:127.0.0.1");
  tests::TempDir dir;
  std::string cert_file = dir.path() / "cert.pem", key_file = dir.path() / "key.pem";
  REQUIRE(write_file_atomically(cert_file, server.certificate_pem()).has_value());
  REQUIRE(write_file_atomically(key_file, server.key_pem()).has_value());
  auto sink = std::make_shared<Sink>();
  ReceiveHttp::Arguments args = arguments(sink);
  args.http.tls.emplace();
  args.http.tls->cert_file = cert_file;
  args.http.tls->key_file = key_file;
  Harness component(args);
  auto ingest = [&](const net::test::Identity& believed) {
    component.speak_tls(net::TlsOptions{.ca_pem = believed.certificate_pem()});
    return component.send("POST", "/ingest?name=shop", "text/plain", "main;work 3");
  };
  CHECK(ingest(ca) == "200 ");
  REQUIRE(write_file_atomically(cert_file, next.certificate_pem()).has_value());
  component.advance(5s);
  CHECK(component.world().health.state == runtime::HealthState::unhealthy);
  CHECK(component.world().health.message.starts_with("tls key: the key is not that of the certificate"));
  CHECK(ingest(ca) == "200 ");
  CHECK_FALSE(ingest(other_ca).starts_with("200"));
  REQUIRE(write_file_atomically(key_file, next.key_pem()).has_value());
  component.advance(5s);
  CHECK(component.world().health.state == runtime::HealthState::healthy);
  CHECK(ingest(other_ca) == "200 ");
}

TEST_CASE("pyroscope.receive_http: what tls needs") {
  struct Row {
    const char* text;
    const char* error;  // nullptr: none
  };
  const Row rows[] = {
      {"cert_file = \"c\" \n key_file = \"k\"", nullptr},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n min_version = \"VersionTLS13\"", nullptr},
      {"cert_pem = \"c\"", "a server with tls needs key_pem or key_file"},
      {"key_pem = \"k\"", "a server with tls needs cert_pem or cert_file"},
      {"cert_pem = \"c\" \n cert_file = \"c\" \n key_pem = \"k\"", "at most one of cert_pem and cert_file"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n client_ca = \"a\"", "no client is asked for a certificate"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n client_ca = \"a\" \n client_ca_file = \"a\"",
       "at most one of client_ca and"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n client_ca = \"a\" \n client_auth_type = \"RequireClientCert\"",
       "RequireClientCert believes any certificate"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n client_ca = \"\" \n client_auth_type = "
       "\"RequireAndVerifyClientCert\"",
       "an empty one would believe"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n client_ca = \"a\" \n client_auth_type = "
       "\"VerifyClientCertIfGiven\"",
       nullptr},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n client_auth_type = \"Perhaps\"", "client_auth_type"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n min_version = \"SSL3\"", "is not one of VersionTLS12 and"},
      {"cert_pem = \"c\" \n key_pem = \"k\" \n cipher_suites = \"A, B\"", "cipher suite \"A\" is not known"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto decoded = testing::decode_text<pyroscope::ListenTlsArguments>(row.text);
    CHECK(decoded.has_value() == (row.error == nullptr));
    if (!decoded && row.error) CHECK_MESSAGE(decoded.error().contains(row.error), decoded.error());
  }
  auto options = testing::decode_text<pyroscope::ListenTlsArguments>(
                     "cert_pem = \"c\" \n key_pem = \"k\" \n cipher_suites = \" TLS_AES_128_GCM_SHA256, "
                     "TLS_AES_256_GCM_SHA384,\" \n min_version = "
                     "\"VersionTLS12\" \n client_auth_type = \"RequireClientCert\"")
                     ->options();
  CHECK(options.cipher_suites ==
        std::vector<std::string>{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"});
  CHECK(options.min_version == "TLS12");
  CHECK(options.client_auth_type == "RequireAnyClientCert");
}

}  // namespace weir
