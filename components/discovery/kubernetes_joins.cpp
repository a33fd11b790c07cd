#include "components/discovery/kubernetes_joins.h"

#include "components/json_reader.h"

namespace weir::discovery {
namespace {

template <class Joins, class Do>
void for_each_store(Joins& joins, Do act) {
  if (joins.pods) act(*joins.pods);
  if (joins.services) act(*joins.services);
  if (joins.nodes) act(*joins.nodes);
  if (joins.namespaces) act(*joins.namespaces);
}

}  // namespace

KubernetesNodeLabels KubernetesNodeLabels::read(const boost::json::object& object) {
  KubernetesNodeLabels node;
  add_named_metadata(node.labels, "node", object);
  return node;
}

KubernetesNamespaceLabels KubernetesNamespaceLabels::read(const boost::json::object& object) {
  KubernetesNamespaceLabels name_space;
  add_metadata(name_space.labels, "namespace", object);
  return name_space;
}

KubernetesServiceLabels KubernetesServiceLabels::read(const boost::json::object& object) {
  KubernetesServiceLabels service;
  add_named_metadata(service.labels, "service", object);
  const auto& spec = object_at(object, "spec");
  std::string_view policy = text_at(spec, "ipFamilyPolicy");
  const auto& families = array_at(spec, "ipFamilies");
  bool is_dual = policy == "PreferDualStack" || policy == "RequireDualStack";
  if (is_dual && !families.empty() && families[0].is_string())
    service.first_family = families[0].get_string();
  return service;
}

bool KubernetesJoins::has_changes() const {
  bool any = false;
  for_each_store(*this, [&](const auto& store) { any = any || !store.changed().empty(); });
  return any;
}

void KubernetesJoins::forget_changes() {
  for_each_store(*this, [](auto& store) { store.forget_changes(); });
}

void KubernetesJoins::add_node(LabelList& labels, std::string_view name) const {
  if (!nodes) return;
  if (auto* node = nodes->find(name)) add_all(labels, node->labels);
}

void KubernetesJoins::add_namespace(LabelList& labels, std::string_view name) const {
  add_label(labels, "namespace", name);
  if (!namespaces) return;
  if (auto* name_space = namespaces->find(name)) add_all(labels, name_space->labels);
}

}  // namespace weir::discovery
