// How to reach a Kubernetes API server, and as whom.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "components/http_client.h"
#include "runtime/fetcher.h"

namespace weir::discovery {

// A server that the config names, or the one of the cluster that weir runs in.
class KubernetesApi {
 public:
  struct Options {
    std::string api_server;    // empty: the cluster that weir runs in
    HttpClientArguments http;  // used with api_server
    std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
    std::function<std::string(std::string_view)> env;
  };

  // Fails where there is no cluster; the message says what is missing.
  static Result<KubernetesApi> find(Options options);

  // A GET of `path`. The token is read now: Kubernetes replaces it every hour.
  Result<runtime::FetchRequest> request(std::string_view path) const;
  // The namespace that weir itself runs in.
  Result<std::string> own_namespace() const;

 private:
  explicit KubernetesApi(Options options) : options_(std::move(options)) {}

  Options options_;
  std::string base_;  // https://10.0.0.1:443
};

}  // namespace weir::discovery
