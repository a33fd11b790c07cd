// discovery.kubernetes: what runs in a Kubernetes cluster as targets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/backoff.h"
#include "components/discovery/kubernetes_api.h"
#include "components/discovery/pod_watch.h"
#include "components/discovery/target.h"
#include "components/http_client.h"
#include "runtime/component.h"

namespace weir::discovery {

struct KubernetesNamespaces {
  bool own_namespace = false;
  std::vector<std::string> names;

  static constexpr auto fields() {
    using N = KubernetesNamespaces;
    return std::tuple{
        lang::optional("own_namespace", &N::own_namespace, "The namespace that weir runs in."),
        lang::optional("names", &N::names, "These namespaces; with none of both: all."),
    };
  }
  bool operator==(const KubernetesNamespaces&) const = default;
};

struct KubernetesSelector {
  std::string role, label, field;

  static constexpr auto fields() {
    using S = KubernetesSelector;
    return std::tuple{
        lang::required("role", &S::role, "Kind of objects that it chooses from.")
            .one_of("node|pod|service|endpoints|endpointslice|ingress"),
        lang::optional("label", &S::label, "Selector over labels, such as app=shop."),
        lang::optional("field", &S::field, "Selector over fields, such as spec.nodeName=worker-1."),
    };
  }
  bool operator==(const KubernetesSelector&) const = default;
};

struct KubernetesMetadata {
  bool node = false;
  bool name_space = false;

  static constexpr auto fields() {
    using M = KubernetesMetadata;
    constexpr std::string_view kWhy = "labels of other objects are not attached yet";
    return std::tuple{
        lang::optional("node", &M::node, "Attach labels of the node.").without_effect(kWhy),
        lang::optional("namespace", &M::name_space, "Attach labels of the namespace.").without_effect(kWhy),
    };
  }
  bool operator==(const KubernetesMetadata&) const = default;
};

class Kubernetes {
 public:
  static constexpr std::string_view kName = "discovery.kubernetes";
  static constexpr auto kStability = runtime::Stability::beta;
  static constexpr std::string_view kDoc =
      "Finds the pods of a Kubernetes cluster, each container a target with its id. Other roles are accepted "
      "and reported as not supported yet.";

  struct Arguments : HttpClientArguments {
    std::string role;
    std::string api_server;
    std::string kubeconfig_file;
    KubernetesNamespaces namespaces;
    std::vector<KubernetesSelector> selectors;
    KubernetesMetadata attach_metadata;

    static constexpr auto fields() {
      auto own = std::tuple{
          lang::required("role", &Arguments::role, "Kind of objects to find; pods are what can be profiled.")
              .one_of("node|pod|service|endpoints|endpointslice|ingress"),
          lang::optional("api_server", &Arguments::api_server,
                         "Address of the API server; empty means the cluster that weir runs in."),
          lang::optional("kubeconfig_file", &Arguments::kubeconfig_file,
                         "File that names the API server; not supported yet."),
          lang::block("namespaces", &Arguments::namespaces, "Which namespaces to look at."),
          lang::block("selectors", &Arguments::selectors, "Which objects to look at."),
          lang::block("attach_metadata", &Arguments::attach_metadata, "Labels of other objects."),
      };
      return std::tuple_cat(own, http_client_fields<Arguments>());
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t pods = 0, targets = 0, watches = 0, lists = 0;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("pods", &DebugInfo::pods, "Pods that are known."),
          lang::optional("targets", &DebugInfo::targets, "Targets made of their containers."),
          lang::optional("watches", &DebugInfo::watches, "Namespaces that are watched; one may mean all."),
          lang::optional("lists", &DebugInfo::lists, "Full listings so far."),
          lang::optional("error", &DebugInfo::error, "What went wrong last."),
      };
    }
  };

  Kubernetes(runtime::Context& ctx, Arguments args,
             std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount")
      : ctx_(ctx), args_(std::move(args)), service_account_(std::move(service_account)) {}
  void start();
  void apply(Arguments args);
  void stop();

 private:
  void connect();
  Result<> begin();
  void changed();
  void publish();

  runtime::Context& ctx_;
  Arguments args_;
  std::filesystem::path service_account_;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_, publish_soon_;
  std::optional<KubernetesApi> api_;
  std::vector<std::unique_ptr<PodWatch>> watches_;
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Kubernetes>();
