// Nodes, services and ingresses of Kubernetes, reduced to what makes labels.
// For .cpp files only, as it brings Boost.JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "components/discovery/kubernetes_joins.h"

namespace weir::discovery {

struct KubernetesNode {
  std::string address;  // "" where it has none: no target
  LabelList labels;
  LabelList conditions;  // node_condition_X; of the newer dialect

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesNode read(const boost::json::object& object);
  bool touched(const KubernetesJoins&) const { return false; }
  void add_targets(const KubernetesJoins& joins, TargetMaker& maker) const;
  bool operator==(const KubernetesNode&) const = default;
};

struct KubernetesService {
  struct Port {
    std::string address;
    LabelList labels;
    bool operator==(const Port&) const = default;
  };

  std::string name_space;
  LabelList labels;
  std::vector<Port> ports;

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesService read(const boost::json::object& object);
  bool touched(const KubernetesJoins& joins) const { return joins.namespace_changed(name_space); }
  void add_targets(const KubernetesJoins& joins, TargetMaker& maker) const;
  bool operator==(const KubernetesService&) const = default;
};

struct KubernetesIngress {
  struct Rule {
    std::string host;
    bool is_tls = false;
    std::vector<std::string> paths;
    bool operator==(const Rule&) const = default;
  };

  std::string name_space;
  LabelList labels;
  std::vector<Rule> rules;

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesIngress read(const boost::json::object& object);
  bool touched(const KubernetesJoins& joins) const { return joins.namespace_changed(name_space); }
  void add_targets(const KubernetesJoins& joins, TargetMaker& maker) const;
  bool operator==(const KubernetesIngress&) const = default;
};

}  // namespace weir::discovery
