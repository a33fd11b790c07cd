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
#include "components/discovery/kubernetes_role.h"
#include "components/discovery/kubernetes_watch.h"
#include "components/discovery/target_list.h"
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
    return std::tuple{
        lang::optional(
            "node", &M::node,
            "Attach the labels and annotations of the node, and its name as node_name; for role pod, "
            "endpoints and endpointslice."),
        lang::optional("namespace", &M::name_space,
                       "Attach the labels and annotations of the namespace; for all roles but node."),
    };
  }
  bool operator==(const KubernetesMetadata&) const = default;
};

class Kubernetes {
 public:
  static constexpr std::string_view kName = "discovery.kubernetes";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Finds the pods of a Kubernetes cluster, each container a target with its id; or its nodes, services, "
      "endpoints, endpoint slices or ingresses. It follows the API server's watch, so a pod that starts or "
      "stops "
      "shows within a second; while the API server is away, what is known stays.";

  struct Arguments : HttpClientArguments {
    lang::Dialect dialect = lang::Dialect::river;
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
                         "File as kubectl uses it: its current context names the API server and who asks. "
                         "Programs that fetch a token (exec, auth-provider) are not run."),
          lang::block("namespaces", &Arguments::namespaces, "Which namespaces to look at."),
          lang::block("selectors", &Arguments::selectors, "Which objects to look at."),
          lang::block("attach_metadata", &Arguments::attach_metadata, "Labels of other objects."),
      };
      return std::tuple_cat(own, http_client_fields<Arguments>());
    }
    void use_dialect(lang::Dialect of_file) { dialect = of_file; }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  // One kind of objects in one namespace, or in all.
  struct WatchInfo {
    std::string objects, name_space;
    bool synced = false;
    std::uint64_t lists = 0, events = 0, failures = 0, too_large = 0;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("objects", &WatchInfo::objects, "What is watched."),
          lang::optional("namespace", &WatchInfo::name_space, "Where; empty means everywhere."),
          lang::optional("synced", &WatchInfo::synced, "They have been listed."),
          lang::optional("lists", &WatchInfo::lists, "Full listings so far."),
          lang::optional("events", &WatchInfo::events, "Changes and bookmarks so far."),
          lang::optional("failures", &WatchInfo::failures, "Requests that did not do."),
          lang::optional("too_large", &WatchInfo::too_large,
                         "Objects and events so far that were left out, as they are larger than 16 MiB."),
          lang::optional("error", &WatchInfo::error, "Why there are no news; empty where there are."),
      };
    }
  };

  struct DebugInfo {
    std::uint64_t objects = 0, without_target = 0, targets = 0, left_out = 0;
    std::string left_out_example, error;
    std::vector<WatchInfo> watches;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("objects", &DebugInfo::objects, "Objects of the role that are known."),
          lang::optional("without_target", &DebugInfo::without_target,
                         "Of these, objects that make no target, such as pods without an address."),
          lang::optional("targets", &DebugInfo::targets, "Targets made of them."),
          lang::optional("left_out", &DebugInfo::left_out,
                         "Targets that are not made, as one object, or all together, would make too many."),
          lang::optional("left_out_example", &DebugInfo::left_out_example, "An object that they are of."),
          lang::optional("error", &DebugInfo::error, "What is wrong."),
          lang::block("watch", &DebugInfo::watches, "What is watched."),
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
  void add_watches(const KubernetesRole::Feed& feed, const std::vector<std::string>& names);
  void changed();
  bool is_settled(const KubernetesWatch& watch) const;
  bool synced() const;
  void publish();
  void report();

  runtime::Context& ctx_;
  Arguments args_;
  std::filesystem::path service_account_;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::seconds(10)};
  runtime::Timer retry_, publish_soon_;
  std::optional<KubernetesApi> api_;
  std::unique_ptr<KubernetesRole> role_;
  std::vector<std::unique_ptr<KubernetesWatch>> watches_;
  bool is_complete_ = false;  // all watches are there
  bool is_dirty_ = false, is_published_ = false;
  MonoTime last_publication_;  // of targets
  Targets targets_;            // published last
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Kubernetes>();
