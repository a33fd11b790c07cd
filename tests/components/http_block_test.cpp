#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "base/file_system.h"
#include "components/http_block.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

using namespace std::literals;

namespace weir {
namespace {

using Harness = testing::ComponentHarness<HttpBlock>;
using runtime::HealthState;

const std::vector<runtime::HttpSecurity>& secured(Harness& block) {
  return block.world().http_service.secured;
}

}  // namespace

TEST_CASE("http says what it asks of the server, and shows what protects it") {
  struct Row {
    std::string body, message;
  };
  const std::string basic = "basic {\nusername = \"me\"\npassword = \"secret\"\n}\n";
  const std::string pair = "cert_pem = \"c\"\nkey_pem = \"k\"\n";
  auto auth = [&](const std::string& filter) { return "auth {\n" + basic + filter + "\n}\n"; };
  auto tls = [&](const std::string& clients) {
    return "tls {\n" + pair + (clients.empty() ? "" : "client_auth_type = \"" + clients + "\"") + "\n}\n";
  };
  const Row rows[] = {
      {"", "no password and no TLS: whoever reaches the server may ask"},
      {"auth { }", "no password and no TLS: whoever reaches the server may ask"},
      {auth(""), "plain HTTP; a password is needed"},
      {auth("filter {\npaths = [\"/metrics\", \"/api\"]\n}"),
       "plain HTTP; a password is needed below /metrics, /api"},
      {auth("filter {\npaths = [\"/-/\"]\nauthenticate_matching_paths = false\n}"),
       "plain HTTP; a password is needed for all but /-/"},
      {tls(""), "TLS; no password"},
      {tls("RequireAndVerifyClientCert") + auth(""), "TLS, clients need a certificate; a password is needed"},
      {tls("RequireAnyClientCert"), "TLS, clients need a certificate, and any will do; no password"},
      {tls("RequestClientCert"), "TLS, clients are asked for a certificate, and need none; no password"},
      {tls("VerifyClientCertIfGiven"), "TLS, certificates of clients are verified; no password"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    Harness block(row.body);
    block.start();
    CHECK(block.world().health.state == HealthState::healthy);
    CHECK(block.world().health.message == row.message);
    REQUIRE(secured(block).size() == 1);
    CHECK(secured(block).front().tls.has_value() == row.body.contains("tls {"));
    CHECK(secured(block).front().password.has_value() == row.body.contains("basic"));
  }
}

TEST_CASE("http hands over every argument") {
  Harness block(R"(
tls {
  cert_file         = "c"
  key_file          = "k"
  client_ca_file    = "a"
  client_auth_type  = "VerifyClientCertIfGiven"
  cipher_suites     = ["TLS_AES_128_GCM_SHA256"]
  curve_preferences = ["X25519"]
  min_version       = "TLS12"
  max_version       = "TLS13"
}
auth {
  basic {
    username = "me"
    password = "secret"
  }
  filter {
    paths                       = ["/metrics"]
    authenticate_matching_paths = false
  }
})");
  block.start();
  REQUIRE(secured(block).size() == 1);
  const runtime::HttpTls& tls = *secured(block).front().tls;
  CHECK(tls.cert_file == "c");
  CHECK(tls.key_file == "k");
  CHECK(tls.client_ca_file == "a");
  CHECK(tls.client_auth_type == "VerifyClientCertIfGiven");
  CHECK(tls.cipher_suites == std::vector{"TLS_AES_128_GCM_SHA256"s});
  CHECK(tls.curve_preferences == std::vector{"X25519"s});
  CHECK(tls.min_version == "TLS12");
  CHECK(tls.max_version == "TLS13");
  const runtime::HttpPassword& password = *secured(block).front().password;
  CHECK(password.username == "me");
  CHECK(password.password == "secret");
  CHECK(password.paths == std::vector{"/metrics"s});
  CHECK_FALSE(password.authenticates_matching);
}

TEST_CASE("http: what is unusable is said, tried again, and said once in the log") {
  Harness block("tls {\ncert_file = \"c\"\nkey_file = \"k\"\n}");
  block.world().http_service.unusable = "tls cert: open c: no such file or directory";
  block.start();
  CHECK(block.world().health.state == HealthState::unhealthy);
  CHECK(block.world().health.message ==
        "tls cert: open c: no such file or directory; until it is usable the server stays as it is, and weir "
        "tries again");
  block.advance(5s);
  block.advance(5s);
  CHECK(block.world().log_lines.size() == 1);
  CHECK(secured(block).empty());
  block.world().http_service.unusable.clear();
  block.advance(5s);
  CHECK(block.world().health.state == HealthState::healthy);
  CHECK(secured(block).size() == 1);
  // An edit that is none.
  block.world().http_service.unusable = "tls: something else";
  block.apply("tls {\ncert_file = \"d\"\nkey_file = \"k\"\n}");
  CHECK(block.world().health.state == HealthState::unhealthy);
  block.apply("");
  CHECK(block.world().health.state == HealthState::unhealthy);
}

TEST_CASE("http: files are looked at again when they change") {
  tests::TempDir dir;
  std::filesystem::path cert = dir.path() / "cert.pem";
  REQUIRE(write_file_atomically(cert, "one").has_value());
  Harness block(fmt::format("tls {{\ncert_file = \"{}\"\nkey_pem = \"k\"\n}}", cert.string()));
  block.start();
  block.advance(5s);
  CHECK(secured(block).size() == 1);
  REQUIRE(write_file_atomically(cert, "another").has_value());
  block.world().http_service.unusable = "tls cert: nonsense";
  block.advance(5s);
  CHECK(block.world().health.state == HealthState::unhealthy);
  block.world().http_service.unusable.clear();
  block.advance(5s);
  CHECK(block.world().health.state == HealthState::healthy);
  CHECK(secured(block).size() == 2);
  block.advance(60s);
  CHECK(secured(block).size() == 2);
}

}  // namespace weir
