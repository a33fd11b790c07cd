#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "base/file_system.h"
#include "components/discovery/kubeconfig.h"
#include "components/discovery/kubernetes_api.h"
#include "tests/support/temp_dir.h"

namespace weir::discovery {
namespace {

Kubeconfig loaded(const std::string& name) {
  auto config = Kubeconfig::load(std::string(WEIR_TEST_FILES "/kubeconfig/") + name + ".yaml");
  if (!config) FAIL(config.error().message);
  return *std::move(config);
}

std::string folder() {
  return WEIR_TEST_FILES "/kubeconfig/";
}

// A file whose one cluster and one user say this.
std::string with(const std::string& cluster, const std::string& user) {
  return "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, "
         "cluster: {" +
         cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}

}  // namespace

TEST_CASE("kubeconfig: a token, its cluster and a proxy") {
  Kubeconfig config = loaded("token");
  CHECK(config.server == "https://10.0.0.1:6443");
  CHECK(config.http.bearer_token.text == "t1");
  CHECK(config.http.tls_config->ca_file == folder() + "ca.crt");
  CHECK(config.http.tls_config->server_name == "kubernetes");
  CHECK(config.http.proxy_url == "http://proxy:3128");
  CHECK_FALSE(config.http.proxy_from_environment);
  CHECK(config.http.http_headers.at("Impersonate-User").at(0).text == "system:serviceaccount:shop:weir");
  CHECK(config.http.http_headers.at("Impersonate-Group").size() == 2);
}

TEST_CASE("kubeconfig: certificates in the file come before those beside it") {
  Kubeconfig config = loaded("certificates");
  const TlsArguments& tls = *config.http.tls_config;
  CHECK(tls.ca_pem == "ca");
  CHECK(tls.ca_file.empty());
  CHECK(tls.cert_pem == "cert");
  CHECK(tls.key_pem.text == "key");
  CHECK(tls.key_file.empty());
}

TEST_CASE("kubeconfig: files are relative to it, and a token's file comes before a token") {
  Kubeconfig config = loaded("files");
  CHECK(config.http.tls_config->insecure_skip_verify);
  CHECK(config.http.tls_config->cert_file == folder() + "pki/u.crt");
  CHECK(config.http.tls_config->key_file == "/pki/u.key");
  CHECK(config.http.bearer_token_file == folder() + "token");
  CHECK(config.http.bearer_token.text.empty());
}

TEST_CASE("kubeconfig: a password; what an alias stands for") {
  Kubeconfig config = loaded("password");
  CHECK(config.server == "http://api:8080");
  CHECK(config.http.basic_auth->username == "me");
  CHECK(config.http.basic_auth->password.text == "1234");
  CHECK(config.http.proxy_from_environment);
}

TEST_CASE("kubeconfig: what is wrong with it, and what weir cannot do") {
  struct Row {
    std::string text;
    const char* error;
  };
  const std::string good = "server: https://api";
  const Row rows[] = {
      {"", "it has no current-context: choose one with kubectl config use-context NAME"},
      {"[", "not YAML: "},
      {"- 1", "must be a mapping"},
      {"current-context: c", "there is no context \"c\""},
      {"current-context: c\ncontexts: [{name: c, context: {cluster: d}}]", "there is no cluster \"d\""},
      {"current-context: c\ncontexts: [{name: c, context: {cluster: c, user: x}}]\nclusters: [{name: c, "
       "cluster: "
       "{server: https://api}}]",
       "there is no user \"x\""},
      {"current-context: c\ncontexts: [{name: c, context: 3}]", "contexts[0].context: must be a mapping"},
      {with("server: api", ""), "clusters[0].cluster: server \"api\" is not an http:// or https:// address"},
      {with(good + ", certificate-authority-data: '*'", ""),
       "clusters[0].cluster: certificate-authority-data is not base64"},
      {with(good + ", certificate-authority: a, insecure-skip-tls-verify: true", ""),
       "insecure-skip-tls-verify and a certificate authority exclude each other"},
      {with(good + ", insecure-skip-tls-verify: maybe", ""),
       "insecure-skip-tls-verify must be true or false"},
      {with(good + ", proxy-url: socks5://p", ""), "proxy-url: only http:// proxies are supported"},
      {with(good, "token: 17"), "users[0].user: token must be a text: put it in quotes"},
      {with(good, "token: t, username: u"), "a token and a username exclude each other"},
      {with(good, "client-certificate: c"), "a certificate needs key_pem or key_file"},
      {with(good, "as-groups: a"), "as-groups must be a list"},
      {with(good, "token: \"a\\nb\", as: \"a\\nb\""), "cannot be sent as a header"},
      {with(good, "exec: {command: aws}"),
       "users[0].user: exec plugin \"aws\" is not run; weir runs no programs: "},
      {with(good, "auth-provider: {name: gcp}"),
       "auth-provider \"gcp\" is not supported; weir runs no programs: "},
      {"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c "
       "[*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
       "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]",
       "too many values"},
      {std::string(40, '[') + std::string(40, ']'), "nested too deep"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    auto config = Kubeconfig::read(row.text, "/etc");
    REQUIRE_FALSE(config);
    CHECK_MESSAGE(config.error().message.find(row.error) != std::string::npos, config.error().message);
  }
  // A program is not needed where there is a token.
  CHECK(Kubeconfig::read(with(good, "token: t, exec: {command: aws}"), "/etc"));
  auto exec = Kubeconfig::load(folder() + "exec.yaml");
  REQUIRE_FALSE(exec);
  CHECK(exec.error().message.starts_with("kubeconfig_file " + folder() +
                                         "exec.yaml: users[0].user: exec plugin"));
  auto missing = Kubeconfig::load("/no/such/file");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.starts_with("kubeconfig_file: "));
}

TEST_CASE("kubeconfig: it is read for each request, so that a new token takes effect") {
  tests::TempDir folder;
  std::filesystem::path file = folder.path() / "config";
  std::ofstream(file) << with("server: https://one/", "token: t1");
  auto api = KubernetesApi::find(
      {.api_server = {}, .kubeconfig_file = file.string(), .http = {}, .env = [](std::string_view) {
         return std::string();
       }});
  REQUIRE(api);
  std::ofstream(file) << with("server: https://two/", "token: t2");
  auto request = api->request("/api/v1/pods");
  REQUIRE(request);
  CHECK(request->url == "https://two/api/v1/pods");
  CHECK(request->headers.back().second == "Bearer t2");
  std::filesystem::remove(file);
  CHECK_FALSE(api->request("/api/v1/pods"));
  // A pipe keeps nobody waiting for its writer.
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK(api->request("/api/v1/pods").error().message ==
        "kubeconfig_file: read " + file.string() + ": it is a pipe: name a file");
}

}  // namespace weir::discovery
