#include "components/discovery/kubernetes_api.h"

#include <fmt/core.h>

#include "base/file_system.h"
#include "components/discovery/kubeconfig.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Result<KubernetesApi> KubernetesApi::find(Options options) {
  KubernetesApi api(std::move(options));
  if (!api.options_.kubeconfig_file.empty()) {
    auto config = Kubeconfig::load(api.options_.kubeconfig_file);
    if (!config) return std::unexpected(config.error());
    return api;
  }
  if (!api.options_.api_server.empty()) {
    api.base_ = without_slash(api.options_.api_server);
    return api;
  }
  std::string host = api.options_.env("KUBERNETES_SERVICE_HOST");
  std::string port = api.options_.env("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return fail(
        "not inside a cluster: {} is not set; run weir in a pod, or name the server in "
        "api_server or a kubeconfig_file",
        host.empty() ? "KUBERNETES_SERVICE_HOST" : "KUBERNETES_SERVICE_PORT");
  }
  bool v6 = host.find(':') != std::string::npos;
  api.base_ = v6 ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
  return api;
}

Result<runtime::FetchRequest> KubernetesApi::request(std::string_view path, std::string accept) const {
  runtime::FetchRequest request;
  request.url = fmt::format("{}{}", base_, path);
  request.headers = {{"Accept", std::move(accept)}, {"User-Agent", "weir/" WEIR_VERSION}};
  auto signed_now = sign(request);
  if (!signed_now) return std::unexpected(signed_now.error());
  return request;
}

Result<> KubernetesApi::sign(runtime::FetchRequest& request) const {
  if (!options_.kubeconfig_file.empty()) {
    auto config = Kubeconfig::load(options_.kubeconfig_file);
    if (!config) return std::unexpected(config.error());
    request.url = without_slash(config->server) + request.url;
    return config->http.apply_to(request);
  }
  if (!options_.api_server.empty()) return options_.http.apply_to(request);
  auto token = read_regular_file(options_.service_account / "token", kFileLimit);
  if (!token) return fail("the pod's service account cannot be used: {}", token.error().message);
  while (token->ends_with('\n')) token->pop_back();
  request.headers.emplace_back("Authorization", "Bearer " + *token);
  request.tls.ca_file = (options_.service_account / "ca.crt").string();
  request.proxy.from_environment = true;  // as every client of Kubernetes
  return {};
}

Result<std::string> KubernetesApi::own_namespace() const {
  auto name = read_regular_file(options_.service_account / "namespace", kFileLimit);
  if (!name) return fail("the pod's own namespace is not known: {}", name.error().message);
  while (name->ends_with('\n')) name->pop_back();
  return name;
}

}  // namespace weir::discovery
