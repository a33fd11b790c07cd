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

// A server that the config names, or a kubeconfig file, or the one of the cluster that weir runs in.
class KubernetesApi {
 public:
  struct Options {
    std::string api_server, kubeconfig_file;  // both empty: the cluster that weir runs in
    HttpClientArguments http;                 // used with api_server
    std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
    std::function<std::string(std::string_view)> env;
  };

  // Fails where there is no cluster; the message says what is missing.
  static Result<KubernetesApi> find(Options options);

  // A GET of `path`. Files are read now: Kubernetes replaces a pod's token every hour, and a kubeconfig
  // may change too.
  Result<runtime::FetchRequest> request(std::string_view path, std::string accept = "application/json") const;
  // The namespace that weir itself runs in.
  Result<std::string> own_namespace() const;

 private:
  explicit KubernetesApi(Options options) : options_(std::move(options)) {}
  Result<> sign(runtime::FetchRequest& request) const;

  Options options_;
  std::string base_;  // https://10.0.0.1:443; empty with a kubeconfig file
};

}  // namespace weir::discovery
