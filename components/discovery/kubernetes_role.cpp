#include "components/discovery/kubernetes_role.h"

#include <utility>

#include "components/discovery/kubernetes_endpoints.h"
#include "components/discovery/kubernetes_joins.h"
#include "components/discovery/kubernetes_objects.h"

namespace weir::discovery {
namespace {

constexpr KubernetesResource kPods{"pods", ""};
constexpr KubernetesResource kServices{"services", ""};
constexpr KubernetesResource kEndpoints{"endpoints", ""};
constexpr KubernetesResource kSlices{"endpointslices", "discovery.k8s.io"};
constexpr KubernetesResource kIngresses{"ingresses", "networking.k8s.io"};
constexpr KubernetesResource kNodes{"nodes", "", false};
constexpr KubernetesResource kNamespaces{"namespaces", "", false};

template <class Object>
class RoleOf final : public KubernetesRole {
 public:
  RoleOf(const KubernetesResource& resource, const Options& options) {
    feeds_.push_back({.resource = resource, .selector = options.role, .sink = &store_});
    bool is_newer = options.dialect == lang::Dialect::alloy;
    joins_.newer_labels = is_newer;
    joins_.only_known_nodes = is_newer || options.selects_nodes;
    if (options.role.starts_with("endpoint")) {
      feeds_.push_back({.resource = kPods, .selector = "pod", .sink = &joins_.pods.emplace()});
      feeds_.push_back({.resource = kServices, .selector = "service", .sink = &joins_.services.emplace()});
    }
    bool has_node = options.role == "pod" || options.role.starts_with("endpoint");
    if (options.attach_node && has_node) {
      feeds_.push_back(
          {.resource = kNodes, .selector = "node", .metadata_only = true, .sink = &joins_.nodes.emplace()});
    }
    if (options.attach_namespace && options.role != "node") {
      feeds_.push_back(
          {.resource = kNamespaces, .metadata_only = true, .sink = &joins_.namespaces.emplace()});
    }
  }

  bool stands_alone() const override { return joins_.none(); }
  std::size_t objects() const override { return store_.entries().size(); }

  bool update() override {
    bool changed = store_.has_lost_targets();
    auto& entries = store_.entries();
    for (const auto& key : store_.changed()) {
      auto it = entries.find(key);
      if (it != entries.end()) changed = remake(it->second) || changed;
    }
    if (joins_.has_changes()) {
      for (auto& [key, entry] : entries) {
        if (entry.object.touched(joins_)) changed = remake(entry) || changed;
      }
    }
    store_.forget_changes();
    joins_.forget_changes();
    return changed;
  }

  std::vector<TargetPtr> targets() const override {
    std::vector<TargetPtr> all;
    for (const auto& [key, entry] : store_.entries()) {
      all.insert(all.end(), entry.targets.begin(), entry.targets.end());
    }
    return all;
  }

 private:
  using Entry = KubernetesStore<Object>::Entry;

  // A target that is the same as before stays the same object: what comes after then has nothing to do.
  bool remake(Entry& entry) {
    std::vector<TargetPtr> made;
    entry.object.add_targets(joins_, made);
    // What nothing is joined to is not needed again: half the memory.
    if (joins_.none()) entry.object = Object();
    bool is_same = made.size() == entry.targets.size();
    for (std::size_t i = 0; i < made.size() && i < entry.targets.size(); ++i) {
      if (*made[i] == *entry.targets[i]) {
        made[i] = entry.targets[i];
      } else {
        is_same = false;
      }
    }
    made.shrink_to_fit();
    if (!is_same) entry.targets = std::move(made);
    return !is_same;
  }

  KubernetesStore<Object> store_;
  KubernetesJoins joins_;
};

}  // namespace

std::unique_ptr<KubernetesRole> KubernetesRole::make(const Options& options) {
  if (options.role == "node") return std::make_unique<RoleOf<KubernetesNode>>(kNodes, options);
  if (options.role == "service") return std::make_unique<RoleOf<KubernetesService>>(kServices, options);
  if (options.role == "ingress") return std::make_unique<RoleOf<KubernetesIngress>>(kIngresses, options);
  if (options.role == "endpoints") return std::make_unique<RoleOf<KubernetesEndpoints>>(kEndpoints, options);
  if (options.role == "endpointslice") {
    return std::make_unique<RoleOf<KubernetesEndpointSlice>>(kSlices, options);
  }
  return std::make_unique<RoleOf<KubernetesPod>>(kPods, options);
}

}  // namespace weir::discovery
