#include "components/discovery/kubernetes_pod.h"

#include <map>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "components/discovery/kubernetes_joins.h"
#include "components/discovery/target_maker.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

std::string ready_of(const json::object& status) {
  for (const auto& value : array_at(status, "conditions")) {
    const json::object& condition = as_object(value);
    if (text_at(condition, "type") == "Ready") return to_lower(text_at(condition, "status"));
  }
  return "unknown";
}

void add_controller(LabelList& labels, const json::object& meta) {
  for (const auto& value : array_at(meta, "ownerReferences")) {
    const json::object& owner = as_object(value);
    if (!bool_at(owner, "controller")) continue;
    add_label(labels, "pod_controller_kind", text_at(owner, "kind"));
    add_label(labels, "pod_controller_name", text_at(owner, "name"));
    return;
  }
}

// By name; of several the first.
std::map<std::string_view, std::string> container_ids(const json::array& statuses) {
  std::map<std::string_view, std::string> ids;
  for (const auto& value : statuses) {
    const json::object& status = as_object(value);
    ids.try_emplace(text_at(status, "name"), text_at(status, "containerID"));
  }
  return ids;
}

void read_containers(KubernetesPod& pod, const json::array& containers, const json::array& statuses,
                     bool is_init) {
  auto ids = container_ids(statuses);
  for (const auto& value : containers) {
    const json::object& object = as_object(value);
    KubernetesPod::Container container{.name = string_at(object, "name"),
                                       .id = ids[text_at(object, "name")],
                                       .image = string_at(object, "image"),
                                       .is_init = is_init,
                                       .ports = {}};
    for (const auto& port_value : array_at(object, "ports")) {
      const json::object& port = as_object(port_value);
      container.ports.push_back({.name = string_at(port, "name"),
                                 .number = number_at(port, "containerPort"),
                                 .protocol = string_at(port, "protocol")});
    }
    pod.containers.push_back(std::move(container));
  }
}

}  // namespace

KubernetesPod KubernetesPod::read(const json::object& object) {
  const json::object& meta = object_at(object, "metadata");
  const json::object& spec = object_at(object, "spec");
  const json::object& status = object_at(object, "status");
  KubernetesPod pod{.name_space = string_at(meta, "namespace"),
                    .node = string_at(spec, "nodeName"),
                    .ip = string_at(status, "podIP"),
                    .labels = {},
                    .containers = {}};
  add_label(pod.labels, "pod_uid", text_at(meta, "uid"));
  add_label(pod.labels, "pod_ip", pod.ip);
  add_label(pod.labels, "pod_host_ip", text_at(status, "hostIP"));
  add_label(pod.labels, "pod_phase", text_at(status, "phase"));
  add_label(pod.labels, "pod_ready", ready_of(status));
  add_label(pod.labels, "pod_node_name", pod.node);
  add_controller(pod.labels, meta);
  add_named_metadata(pod.labels, "pod", object);
  read_containers(pod, array_at(spec, "containers"), array_at(status, "containerStatuses"), false);
  read_containers(pod, array_at(spec, "initContainers"), array_at(status, "initContainerStatuses"), true);
  return pod;
}

void add_container_labels(LabelList& labels, const KubernetesPod::Container& container) {
  add_label(labels, "pod_container_name", container.name);
  add_label(labels, "pod_container_image", container.image);
  add_label(labels, "pod_container_init", container.is_init ? "true" : "false");
}

void add_port_labels(LabelList& labels, const KubernetesPod::Port& port) {
  add_label(labels, "pod_container_port_name", port.name);
  add_label(labels, "pod_container_port_number", std::to_string(port.number));
  add_label(labels, "pod_container_port_protocol", port.protocol);
}

bool KubernetesPod::touched(const KubernetesJoins& joins) const {
  return joins.node_changed(node) || joins.namespace_changed(name_space);
}

void KubernetesPod::add_targets(const KubernetesJoins& joins, TargetMaker& maker) const {
  if (ip.empty()) return;
  if (joins.only_known_nodes && joins.nodes && !joins.nodes->find(node)) return;
  LabelList common;
  joins.add_node(common, node);
  joins.add_namespace(common, name_space);
  add_all(common, labels);
  maker.set_common(std::move(common));
  for (const auto& container : containers) {
    LabelList own;
    add_container_labels(own, container);
    add_label(own, "pod_container_id", container.id);
    if (container.ports.empty()) {
      own.emplace_back("__address__", ip);
      maker.add(std::move(own));
      continue;
    }
    for (const auto& port : container.ports) {
      LabelList of_port = own;
      of_port.emplace_back("__address__", host_and_port(ip, port.number));
      add_port_labels(of_port, port);
      maker.add(std::move(of_port));
    }
  }
}

}  // namespace weir::discovery
