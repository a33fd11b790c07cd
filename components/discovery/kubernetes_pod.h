// A pod of Kubernetes, reduced to what makes labels. For .cpp files only, as it brings Boost.JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "components/discovery/kubernetes_labels.h"

namespace weir::discovery {

struct KubernetesJoins;
class TargetMaker;

struct KubernetesPod {
  struct Port {
    std::string name;
    std::int64_t number = 0;
    std::string protocol;
    bool operator==(const Port&) const = default;
  };
  struct Container {
    std::string name, id, image;
    bool is_init = false;
    std::vector<Port> ports;
    bool operator==(const Container&) const = default;
  };

  std::string name_space, node;
  std::string ip;    // "" before it has one
  LabelList labels;  // without its namespace
  std::vector<Container> containers;

  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesPod read(const boost::json::object& object);
  bool touched(const KubernetesJoins& joins) const;
  // One for each port of each container; one for a container without.
  void add_targets(const KubernetesJoins& joins, TargetMaker& maker) const;
  bool operator==(const KubernetesPod&) const = default;
};

// pod_container_name, _image and _init.
void add_container_labels(LabelList& labels, const KubernetesPod::Container& container);
// pod_container_port_name, _number and _protocol.
void add_port_labels(LabelList& labels, const KubernetesPod::Port& port);

}  // namespace weir::discovery
