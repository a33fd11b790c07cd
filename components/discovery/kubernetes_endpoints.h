// Endpoints and endpoint slices of Kubernetes, reduced to what makes labels.
// For .cpp files only, as it brings Boost.JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "components/discovery/kubernetes_joins.h"

namespace weir::discovery {

// What both kinds of objects say: addresses with ports, the pods behind them, the service before them.
struct KubernetesEndpointGroup {
  struct Port {
    std::optional<std::int64_t> number;
    std::string protocol;
    LabelList labels;
    bool operator==(const Port&) const = default;
  };
  struct Endpoint {
    std::vector<std::string> addresses;
    LabelList labels;
    std::string zone;      // a label of the newer dialect
    std::string node_key;  // whose labels may be attached
    std::string pod_key;   // "" where it is no pod
    bool operator==(const Endpoint&) const = default;
  };
  struct Subset {
    std::vector<Port> ports;
    std::vector<Endpoint> endpoints;
    bool operator==(const Subset&) const = default;
  };

  std::string name_space;
  std::string service_key;  // "" where it has none
  std::string family;       // of the addresses of a slice
  LabelList labels;
  std::vector<Subset> subsets;
  // How the labels of a container's port speak of its protocol: as the endpoint does, or the container.
  bool has_protocol_of_endpoint = false;

  bool touched(const KubernetesJoins& joins) const;
  void add_targets(const KubernetesJoins& joins, TargetMaker& maker) const;
  bool operator==(const KubernetesEndpointGroup&) const = default;
};

struct KubernetesEndpoints : KubernetesEndpointGroup {
  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesEndpoints read(const boost::json::object& object);
  bool operator==(const KubernetesEndpoints&) const = default;
};

struct KubernetesEndpointSlice : KubernetesEndpointGroup {
  static std::string key(const boost::json::object& object) { return kubernetes_key(object); }
  static KubernetesEndpointSlice read(const boost::json::object& object);
  bool operator==(const KubernetesEndpointSlice&) const = default;
};

}  // namespace weir::discovery
