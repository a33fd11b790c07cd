#include "components/discovery/kubernetes_role.h"

#include <utility>

#include <fmt/core.h>

#include "components/discovery/kubernetes_endpoints.h"
#include "components/discovery/kubernetes_joins.h"
#include "components/discovery/kubernetes_objects.h"
#include "components/wording.h"

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
  RoleOf(const KubernetesResource& resource, const Options& options)
      : most_of_object_(options.most_of_object) {
    store_.set_limit(options.most, options.most_of_object);
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
  std::size_t without_target() const override { return store_.without_target(); }

  bool update() override {
    bool changed = store_.has_lost_targets();
    auto& entries = store_.entries();
    for (const auto& key : store_.changed()) {
      auto it = entries.find(key);
      if (it != entries.end()) changed = remake(it->second) || changed;
    }
    bool has_room = !joins_.none() && store_.has_room_for_crowded();
    if (joins_.has_changes() || has_room) {
      for (auto& [key, entry] : entries) {
        bool comes_in = entry.is_crowded && has_room && store_.has_room_for_crowded();
        if (comes_in || entry.object.touched(joins_)) changed = remake(entry) || changed;
      }
    }
    store_.forget_changes();
    joins_.forget_changes();
    return changed;
  }

  std::vector<TargetPtr> targets() const override {
    std::vector<TargetPtr> all;
    for (const auto& [key, entry] : store_.entries()) {
      all.insert(all.end(), entry.made.targets.begin(), entry.made.targets.end());
    }
    return all;
  }
  KubernetesLeftOut left_out() const override { return store_.left_out(); }

 private:
  using Entry = KubernetesStore<Object>::Entry;

  // A target that is the same as before stays the same object: what comes after then has nothing to do.
  bool remake(Entry& entry) {
    TargetMaker maker(joins_.layouts, most_of_object_);
    entry.object.add_targets(joins_, maker);
    std::vector<TargetPtr> before = entry.made.targets;
    MadeTargets made = maker.take(before.empty() ? nullptr : before.front());
    // What nothing is joined to is not needed again: half the memory.
    if (joins_.none()) entry.object = Object();
    // A target that holds on to another base would keep that in memory too.
    auto is_as_before = [](const TargetPtr& a, const TargetPtr& b) {
      return a->base() == b->base() && *a == *b;
    };
    for (std::size_t i = 0; i < made.targets.size() && i < before.size(); ++i) {
      if (is_as_before(made.targets[i], before[i])) made.targets[i] = before[i];
    }
    made.targets.shrink_to_fit();
    store_.replace(entry, std::move(made));
    return entry.made.targets != before;
  }

  TargetLimit most_of_object_;
  KubernetesStore<Object> store_;
  KubernetesJoins joins_;
};

}  // namespace

std::string_view why_no_target(std::string_view role) {
  if (role == "service") return "without a port";
  if (role == "ingress") return "without a rule";
  if (role == "pod") return "without an address yet, or on a node that is not known";
  return role == "node" ? "without an address" : "without an address behind them";
}

std::string text_of(const KubernetesLeftOut& left_out) {
  const KubernetesRole::Options limits{.role = {}};
  return fmt::format(
      "{} of {} left out, such as of {}: weir makes at most {} of one object and {} in all, of at most {} "
      "and "
      "{} of labels",
      count_text(left_out.targets, "target"), count_text(left_out.objects, "object"), left_out.example,
      limits.most_of_object.targets, limits.most.targets, bytes_text(limits.most_of_object.label_bytes),
      bytes_text(limits.most.label_bytes));
}

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
