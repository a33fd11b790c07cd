// Other objects that the labels of a role come from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "components/discovery/kubernetes_pod.h"
#include "components/discovery/kubernetes_store.h"

namespace weir::discovery {

// A node or a namespace, of which others carry the labels.
struct KubernetesNodeLabels {
  LabelList labels;

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesNodeLabels read(const boost::json::object& object);
  bool operator==(const KubernetesNodeLabels&) const = default;
};
struct KubernetesNamespaceLabels {
  LabelList labels;

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesNamespaceLabels read(const boost::json::object& object);
  bool operator==(const KubernetesNamespaceLabels&) const = default;
};
// The service of an endpoints object or of a slice.
struct KubernetesServiceLabels {
  LabelList labels;
  std::string first_family;  // of a service with two address families; else empty

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesServiceLabels read(const boost::json::object& object);
  bool operator==(const KubernetesServiceLabels&) const = default;
};

// What a role does not join has no store.
struct KubernetesJoins {
  bool newer_labels = false;      // of the newer dialect
  bool only_known_nodes = false;  // a pod on a node that no store knows is left out
  std::optional<KubernetesStore<KubernetesPod>> pods;
  std::optional<KubernetesStore<KubernetesServiceLabels>> services;
  std::optional<KubernetesStore<KubernetesNodeLabels>> nodes;
  std::optional<KubernetesStore<KubernetesNamespaceLabels>> namespaces;

  mutable LayoutTable layouts;  // of the targets' names, which most have in common

  bool none() const { return !pods && !services && !nodes && !namespaces; }
  bool has_changes() const;
  void forget_changes();

  bool node_changed(std::string_view name) const { return nodes && nodes->has_changed(name); }
  bool namespace_changed(std::string_view name) const { return namespaces && namespaces->has_changed(name); }
  void add_node(LabelList& labels, std::string_view name) const;
  void add_namespace(LabelList& labels, std::string_view name) const;  // its name, and what is known of it
};

}  // namespace weir::discovery
