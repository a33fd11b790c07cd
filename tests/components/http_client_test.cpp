// The shared HTTP settings: what is refused, and what a request is given.
#include "components/http_client.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/file_system.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

namespace weir {

namespace {

// As a component has them: inherited, beside fields of its own.
struct Owner : HttpClientArguments {
  std::string url = "http://a.example/";

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{lang::optional("url", &Owner::url, "Where to.")},
                          http_client_fields<Owner>());
  }
  bool operator==(const Owner&) const = default;
};

std::string headers_text(const runtime::FetchRequest& request) {
  std::string text;
  for (const auto* headers : {&request.headers, &request.own_headers}) {
    for (const auto& [name, value] : *headers) text += name + ": " + value + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("http settings: what excludes what") {
  struct Row {
    const char* text;
    const char* error;  // nullptr: none
  };
  const Row rows[] = {
      {"", nullptr},
      {"basic_auth { username = \"a\" \n password = \"b\" }", nullptr},
      {"basic_auth { username = \"a\" }\n bearer_token = \"t\"", "at most one of basic_auth, authorization"},
      {"authorization { credentials = \"a\" }\n bearer_token_file = \"/x\"", "at most one of basic_auth"},
      {"basic_auth { password = \"a\" \n password_file = \"/x\" }", "at most one of basic_auth.password and"},
      {"authorization { credentials = \"a\" \n credentials_file = \"/x\" }",
       "at most one of authorization.credentials"},
      {"authorization { type = \"Basic\" }", "use a basic_auth block"},
      {"oauth2 { client_id = \"a\" \n token_url = \"http://t\" \n tls_config { } }", nullptr},
      {"oauth2 { client_id = \"a\" \n token_url = \"t\" }", "it must begin with"},
      {"oauth2 { client_id = \"a\" \n token_url = \"unix:///t\" }", "tokens come from an http"},
      {"oauth2 { token_url = \"http://t\" }", "a client id is needed"},
      {"oauth2 { client_id = \"a\" \n token_url = \"http://t\" \n client_secret = \"s\" \n "
       "client_secret_file = "
       "\"/s\" }",
       "at most one of client_secret and client_secret_file"},
      {"oauth2 { client_id = \"a\" \n token_url = \"http://t\" \n no_proxy = \"s\" }",
       "no_proxy needs proxy_url"},
      {"oauth2 { client_id = \"a\" \n token_url = \"http://t\" }\n bearer_token = \"t\"",
       "at most one of basic_auth"},
      {"tls_config { insecure_skip_verify = true }", nullptr},
      {"tls_config { ca_pem = \"a\" \n ca_file = \"b\" }", "at most one of ca_pem and ca_file"},
      {"tls_config { cert_pem = \"a\" }", "a certificate needs"},
      {"tls_config { key_file = \"a\" }", "a key needs"},
      {"tls_config { min_version = \"TLS9\" }", "\"TLS9\" is not one of"},
      {"proxy_url = \"http://p:1\"\n no_proxy = \"x\"", nullptr},
      {"proxy_url = \"p:1\"", "it must begin with"},
      {"proxy_url = \"https://p:1\"", "only http:// proxies"},
      {"no_proxy = \"x\"", "no_proxy needs proxy_url"},
      {"proxy_from_environment = true\n proxy_url = \"http://p\"", "exclude each other"},
      {"proxy_from_environment = true", nullptr},
      {"proxy_connect_header = {\"A\" = [\"b\"]}", "needs proxy_url"},
      {"proxy_from_environment = true\n proxy_connect_header = {\"A\" = [\"b\"]}", nullptr},
      {"proxy_from_environment = true\n proxy_connect_header = {\"A B\" = [\"b\"]}",
       "cannot be sent as a header"},
      {"http_headers = {\"A B\" = [\"c\"]}", "cannot be sent as a header"},
      {"enable_http2 = false", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto decoded = testing::decode_text<Owner>(row.text);
    CHECK(decoded.has_value() == (row.error == nullptr));
    if (!decoded && row.error) CHECK_MESSAGE(decoded.error().contains(row.error), decoded.error());
  }
}

TEST_CASE("http settings: what a request is given") {
  struct Row {
    const char* text;
    const char* headers;
    runtime::FetchProxy proxy = {};
  };
  const Row rows[] = {
      {"", ""},
      {"basic_auth { username = \"ann\" \n password = \"pass\" }", "Authorization: Basic YW5uOnBhc3M=\n"},
      {"bearer_token = \"t\"", "Authorization: Bearer t\n"},
      {"authorization { type = \"Token\" \n credentials = \"c\" }", "Authorization: Token c\n"},
      {"http_headers = {\"X-Scope-OrgID\" = [\"a\", \"b\"]}", "X-Scope-OrgID: a\nX-Scope-OrgID: b\n"},
      {"proxy_url = \"http://p:1\"", "", {.url = "http://p:1"}},
      {"proxy_url = \"http://p:1\"\n no_proxy = \"b.example, a.EXAMPLE\"",
       "",
       {.url = "http://p:1", .no_proxy = "b.example, a.EXAMPLE"}},
      {"proxy_from_environment = true", "", {.from_environment = true}},
      {"proxy_url = \"http://p:1\"\n proxy_connect_header = {\"A\" = [\"b\", \"c\"]}",
       "",
       {.url = "http://p:1", .connect_headers = {{"A", "b"}, {"A", "c"}}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto decoded = testing::decode_text<Owner>(row.text);
    REQUIRE_MESSAGE(decoded.has_value(), decoded.error());
    runtime::FetchRequest request{.url = decoded->url};
    REQUIRE(decoded->apply_to(request).has_value());
    CHECK(headers_text(request) == row.headers);
    CHECK(request.proxy == row.proxy);
    CHECK_FALSE(request.oauth2.has_value());
    CHECK(request.follow_redirects);
  }
}

TEST_CASE("http settings: what a request is given of oauth2") {
  tests::TempDir dir;
  std::string file = dir.write("secret", "s3\n");
  auto decoded = testing::decode_text<Owner>(fmt::format(
      R"(oauth2 {{
           client_id          = "me"
           client_secret_file = "{}"
           token_url          = "https://t.example/token"
           scopes             = ["a", "b"]
           endpoint_params    = {{"audience" = "x"}}
           proxy_from_environment = true
           tls_config {{ server_name = "n" }}
         }})",
      file));
  REQUIRE_MESSAGE(decoded.has_value(), decoded.error());
  runtime::FetchRequest request{.url = decoded->url};
  REQUIRE(decoded->apply_to(request).has_value());
  runtime::FetchOAuth2 expected{.client_id = "me",
                                .client_secret = "s3",
                                .token_url = "https://t.example/token",
                                .scopes = {"a", "b"},
                                .endpoint_params = {{"audience", "x"}},
                                .tls = {.server_name = "n"},
                                .proxy = {.from_environment = true}};
  CHECK(request.oauth2 == expected);
  CHECK(headers_text(request).empty());
  std::filesystem::remove(file);
  CHECK(decoded->apply_to(request).error().message ==
        "oauth2.client_secret_file: open " + file + ": no such file or directory");
}

TEST_CASE("http settings: files of secrets are read at each use") {
  tests::TempDir dir;
  Owner owner;
  owner.bearer_token_file = dir / "token";
  for (const char* token : {"one", "two"}) {
    REQUIRE(write_file_atomically(owner.bearer_token_file, std::string(token) + "\n").has_value());
    runtime::FetchRequest request{.url = owner.url};
    REQUIRE(owner.apply_to(request).has_value());
    CHECK(headers_text(request) == std::string("Authorization: Bearer ") + token + "\n");
  }
  std::filesystem::remove(owner.bearer_token_file);
  runtime::FetchRequest request{.url = owner.url};
  auto applied = owner.apply_to(request);
  REQUIRE_FALSE(applied.has_value());
  CHECK(applied.error().message ==
        "bearer_token_file: open " + owner.bearer_token_file + ": no such file or directory");
}

TEST_CASE("http settings: a pipe where a secret should be keeps nobody waiting") {
  tests::TempDir dir;
  std::string pipe = dir.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  struct Row {
    const char* text;
    const char* what;
  };
  const Row rows[] = {
      {"bearer_token_file = \"{}\"", "bearer_token_file"},
      {"basic_auth {{ password_file = \"{}\" }}", "basic_auth.password_file"},
      {"authorization {{ credentials_file = \"{}\" }}", "authorization.credentials_file"},
      {"oauth2 {{ client_id = \"a\" \n token_url = \"http://t\" \n client_secret_file = \"{}\" }}",
       "oauth2.client_secret_file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto decoded = testing::decode_text<Owner>(fmt::format(fmt::runtime(row.text), pipe));
    REQUIRE_MESSAGE(decoded.has_value(), decoded.error());
    runtime::FetchRequest request{.url = decoded->url};
    CHECK(decoded->apply_to(request).error().message ==
          fmt::format("{}: read {}: it is a pipe: name a file", row.what, pipe));
  }
}

}  // namespace weir
