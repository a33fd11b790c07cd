#include <algorithm>
#include <unordered_set>

#include "components/discovery/kubernetes_endpoints.h"
#include "components/discovery/target_maker.h"

namespace weir::discovery {
namespace {

using Group = KubernetesEndpointGroup;

// Makes the targets of one object: of each address and port, and then of the ports of the pods behind
// them that no endpoint leads to.
class Maker {
 public:
  Maker(const Group& group, const KubernetesJoins& joins, TargetMaker& maker)
      : group_(group), joins_(joins), maker_(maker) {}

  void run() {
    auto* service = joins_.services ? joins_.services->find(group_.service_key) : nullptr;
    // The second slice of a service with two address families names the same pods once more.
    bool is_second = service && !service->first_family.empty() && service->first_family != group_.family;
    if (is_second && joins_.newer_labels && !group_.family.empty()) return;
    LabelList common;
    joins_.add_namespace(common, group_.name_space);
    if (service) add_all(common, service->labels);
    add_all(common, group_.labels);
    maker_.set_common(std::move(common));
    for (const auto& subset : group_.subsets) add_subset(subset);
    for (const auto& seen : seen_) add_other_ports(seen);
  }

 private:
  struct SeenPod {
    const KubernetesPod* pod = nullptr;
    std::unordered_set<std::int64_t> ports;
  };

  void add_subset(const Group::Subset& subset) {
    std::size_t addresses = 0;
    for (const auto& endpoint : subset.endpoints) addresses += endpoint.addresses.size();
    for (const auto& port : subset.ports) {
      std::size_t left = addresses;
      for (const auto& endpoint : subset.endpoints) {
        if (maker_.is_full()) break;
        add_endpoint(endpoint, port);
        left -= endpoint.addresses.size();
      }
      maker_.leave_out(left);
    }
  }

  void add_endpoint(const Group::Endpoint& endpoint, const Group::Port& port) {
    if (endpoint.addresses.empty()) return;
    LabelList labels = port.labels;
    add_all(labels, endpoint.labels);
    if (joins_.newer_labels) add_label(labels, "endpointslice_endpoint_zone", endpoint.zone);
    joins_.add_node(labels, endpoint.node_key);
    bool has_pod = joins_.pods && !endpoint.pod_key.empty();
    if (auto* pod = has_pod ? joins_.pods->find(endpoint.pod_key) : nullptr) {
      SeenPod& seen = seen_of(pod);
      if (port.number) seen.ports.insert(*port.number);
      add_all(labels, pod->labels);
      add_matching_container(labels, *pod, port);
    }
    for (const auto& address : endpoint.addresses) {
      if (maker_.is_full()) {
        maker_.leave_out(1);
        continue;
      }
      LabelList own = labels;
      own.emplace_back("__address__", port.number ? host_and_port(address, *port.number) : address);
      maker_.add(std::move(own));
    }
  }

  SeenPod& seen_of(const KubernetesPod* pod) {
    auto it = std::ranges::find(seen_, pod, &SeenPod::pod);
    return it == seen_.end() ? seen_.emplace_back(SeenPod{.pod = pod, .ports = {}}) : *it;
  }

  // Of several containers with that port the last.
  void add_matching_container(LabelList& labels, const KubernetesPod& pod, const Group::Port& port) const {
    for (const auto& container : pod.containers) {
      auto it = std::ranges::find_if(container.ports, [&](const auto& p) { return p.number == port.number; });
      if (it == container.ports.end()) continue;
      KubernetesPod::Port named = *it;
      if (group_.has_protocol_of_endpoint) named.protocol = port.protocol;
      add_container_labels(labels, container);
      add_port_labels(labels, named);
    }
  }

  void add_other_ports(const SeenPod& seen) {
    if (seen.pod->ip.empty()) return;
    for (const auto& container : seen.pod->containers) {
      for (const auto& port : container.ports) {
        if (seen.ports.contains(port.number)) continue;
        if (maker_.is_full()) {
          maker_.leave_out(1);
          continue;
        }
        LabelList labels = seen.pod->labels;
        add_container_labels(labels, container);
        add_port_labels(labels, port);
        labels.emplace_back("__address__", host_and_port(seen.pod->ip, port.number));
        maker_.add(std::move(labels));
      }
    }
  }

  const Group& group_;
  const KubernetesJoins& joins_;
  TargetMaker& maker_;
  std::vector<SeenPod> seen_;
};

}  // namespace

void Group::add_targets(const KubernetesJoins& joins, TargetMaker& maker) const {
  Maker(*this, joins, maker).run();
}

}  // namespace weir::discovery
