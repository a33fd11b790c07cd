#include "components/discovery/kubeconfig.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/file_system.h"
#include "lang/encoding.h"
#include "lang/yaml.h"
#include "net/url.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;
constexpr lang::YamlLimits kLimits{.values = 100'000, .depth = 32};

// One mapping of the file. Remembers the first thing that is wrong, so that many fields can be read in a row.
class Section {
 public:
  Section(lang::Value value, std::string place, std::optional<Error>& wrong)
      : map_(value.as_map()), place_(std::move(place)), wrong_(wrong) {
    if (!map_ && !value.is_null()) complain("must be a mapping");
  }

  bool has(std::string_view name) const { return map_ && map_->find(name) && !map_->find(name)->is_null(); }

  std::string text(std::string_view name) const {
    if (!has(name)) return "";
    lang::Value value = *map_->find(name);
    if (auto* text = value.as_string()) return *text;
    complain(fmt::format("{} must be a text: put it in quotes", name));
    return "";
  }
  bool flag(std::string_view name) const {
    if (!has(name)) return false;
    lang::Value value = *map_->find(name);
    if (auto* flag = value.as_bool()) return *flag;
    complain(fmt::format("{} must be true or false", name));
    return false;
  }
  // What stands in NAME-data, decoded.
  std::string data(std::string_view name) const {
    auto decoded = lang::decode_base64(text(name), lang::Base64::standard);
    if (decoded) return *std::move(decoded);
    complain(fmt::format("{} is not base64", name));
    return "";
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> all;
    if (!has(name)) return all;
    auto list = map_->find(name)->as_list();
    if (!list) complain(fmt::format("{} must be a list", name));
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      lang::Value element = list->at(i);
      if (auto* text = element.as_string()) all.push_back(*text);
    }
    return all;
  }
  Section section(std::string_view name) const {
    return {has(name) ? *map_->find(name) : lang::Value(), fmt::format("{}.{}", place_, name), wrong_};
  }
  // The `what` of the entry of that name in the list LIST.
  Section named(std::string_view list, std::string_view name, std::string_view what) const {
    auto entries = has(list) ? map_->find(list)->as_list() : nullptr;
    for (std::size_t i = 0; entries && i < entries->size(); ++i) {
      Section entry(entries->at(i), fmt::format("{}[{}]", list, i), wrong_);
      if (entry.text("name") == name) return entry.section(what);
    }
    complain(fmt::format("there is no {} \"{}\"", what, name));
    return {lang::Value(), std::string(list), wrong_};
  }
  void complain(std::string_view what) const {
    if (!wrong_) wrong_ = Error{place_.empty() ? std::string(what) : fmt::format("{}: {}", place_, what)};
  }

 private:
  std::shared_ptr<const lang::Map> map_;
  std::string place_;
  std::optional<Error>& wrong_;
};

std::string beside(const std::filesystem::path& folder, const std::string& file) {
  return file.empty() ? file : (folder / file).string();
}

void read_cluster(const Section& cluster, const std::filesystem::path& folder, Kubeconfig& config) {
  config.server = cluster.text("server");
  if (!config.server.starts_with("https://") && !config.server.starts_with("http://")) {
    cluster.complain(fmt::format("server \"{}\" is not an http:// or https:// address", config.server));
  }
  TlsArguments& tls = *config.http.tls_config;
  // Data comes before a file.
  tls.ca_pem = cluster.data("certificate-authority-data");
  if (tls.ca_pem.empty()) tls.ca_file = beside(folder, cluster.text("certificate-authority"));
  tls.server_name = cluster.text("tls-server-name");
  tls.insecure_skip_verify = cluster.flag("insecure-skip-tls-verify");
  if (tls.insecure_skip_verify && !(tls.ca_pem.empty() && tls.ca_file.empty())) {
    cluster.complain("insecure-skip-tls-verify and a certificate authority exclude each other");
  }
  config.http.proxy_url = cluster.text("proxy-url");
  config.http.proxy_from_environment = config.http.proxy_url.empty();
  if (config.http.proxy_from_environment) return;
  auto proxy = net::parse_url(config.http.proxy_url);
  if (!proxy || proxy->scheme != "http") cluster.complain("proxy-url: only http:// proxies are supported");
}

void refuse_plugins(const Section& user) {
  constexpr std::string_view kInstead =
      "weir runs no programs: make a service account, and give its token in token or tokenFile (kubectl "
      "create "
      "token NAME), or use a client certificate";
  if (user.has("exec")) {
    user.complain(
        fmt::format("exec plugin \"{}\" is not run; {}", user.section("exec").text("command"), kInstead));
  }
  if (user.has("auth-provider")) {
    user.complain(fmt::format("auth-provider \"{}\" is not supported; {}",
                              user.section("auth-provider").text("name"), kInstead));
  }
}

void add_header(Kubeconfig& config, const char* name, std::vector<std::string> values) {
  for (auto& value : values) {
    if (!value.empty()) config.http.http_headers[name].push_back(lang::Secret{std::move(value)});
  }
}

void read_user(const Section& user, const std::filesystem::path& folder, Kubeconfig& config) {
  TlsArguments& tls = *config.http.tls_config;
  tls.cert_pem = user.data("client-certificate-data");
  if (tls.cert_pem.empty()) tls.cert_file = beside(folder, user.text("client-certificate"));
  tls.key_pem.text = user.data("client-key-data");
  if (tls.key_pem.text.empty()) tls.key_file = beside(folder, user.text("client-key"));
  // A file is read for each request, so it comes before a token that grows old.
  config.http.bearer_token_file = beside(folder, user.text("tokenFile"));
  if (config.http.bearer_token_file.empty()) config.http.bearer_token.text = user.text("token");
  bool has_token = !config.http.bearer_token_file.empty() || !config.http.bearer_token.text.empty();
  if (user.has("username") || user.has("password")) {
    if (has_token) user.complain("a token and a username exclude each other");
    config.http.basic_auth = BasicAuthArguments{
        .username = user.text("username"), .password = {user.text("password")}, .password_file = {}};
  }
  add_header(config, "Impersonate-User", {user.text("as")});
  add_header(config, "Impersonate-Uid", {user.text("as-uid")});
  add_header(config, "Impersonate-Group", user.texts("as-groups"));
  if (!has_token && !config.http.basic_auth && !(user.has("client-certificate") || !tls.cert_pem.empty())) {
    refuse_plugins(user);
  }
}

}  // namespace

Result<Kubeconfig> Kubeconfig::read(std::string_view text, const std::filesystem::path& folder) {
  auto value = lang::parse_yaml(text, kLimits);
  if (!value) return std::unexpected(value.error());
  std::optional<Error> wrong;
  Section file(*value, "", wrong);
  std::string name = file.text("current-context");
  if (name.empty()) {
    file.complain("it has no current-context: choose one with kubectl config use-context NAME");
  }
  Section context = file.named("contexts", name, "context");
  Kubeconfig config;
  config.http.tls_config.emplace();
  read_cluster(file.named("clusters", context.text("cluster"), "cluster"), folder, config);
  if (context.has("user")) read_user(file.named("users", context.text("user"), "user"), folder, config);
  if (wrong) return std::unexpected(*wrong);
  lang::Problems problems;
  config.http.check(problems);
  config.http.tls_config->check(problems);
  if (!problems.all().empty()) return fail("{}", problems.all().front().message);
  return config;
}

Result<Kubeconfig> Kubeconfig::load(const std::filesystem::path& file) {
  auto text = read_regular_file(file, kFileLimit);
  if (!text) return fail("kubeconfig_file: {}", text.error().message);
  auto config = read(*text, file.parent_path());
  if (!config) return fail("kubeconfig_file {}: {}", file.string(), config.error().message);
  return config;
}

}  // namespace weir::discovery
