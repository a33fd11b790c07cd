#include "components/discovery/kubernetes_endpoints.h"

#include "components/discovery/label_name.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

using Port = KubernetesEndpointGroup::Port;
using Endpoint = KubernetesEndpointGroup::Endpoint;

std::optional<std::int64_t> optional_number(const json::object& object, std::string_view key) {
  auto* value = object.if_contains(key);
  if (!value || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::string pod_key_of(const json::object& reference) {
  if (text_at(reference, "kind") != "Pod") return "";
  return kubernetes_key(text_at(reference, "namespace"), text_at(reference, "name"));
}

std::string node_in(const json::object& reference) {
  return text_at(reference, "kind") == "Node" ? string_at(reference, "name") : "";
}

Endpoint read_address(const json::object& address, bool is_ready) {
  const json::object& reference = object_at(address, "targetRef");
  Endpoint endpoint{.addresses = {string_at(address, "ip")},
                    .labels = {},
                    .zone = {},
                    .node_key = string_at(address, "nodeName"),
                    .pod_key = pod_key_of(reference)};
  add_label(endpoint.labels, "endpoint_ready", is_ready ? "true" : "false");
  add_label(endpoint.labels, "endpoint_address_target_kind", text_at(reference, "kind"));
  add_label(endpoint.labels, "endpoint_address_target_name", text_at(reference, "name"));
  add_label(endpoint.labels, "endpoint_node_name", endpoint.node_key);
  add_label(endpoint.labels, "endpoint_hostname", text_at(address, "hostname"));
  if (endpoint.node_key.empty()) endpoint.node_key = node_in(reference);
  return endpoint;
}

void add_topology(LabelList& labels, const json::object& topology) {
  for (const auto& [name, value] : topology) {
    if (!value.is_string()) continue;
    std::string_view text = value.get_string();
    add_label(labels, label_name("endpointslice_endpoint_topology_", name), text);
    add_label(labels, label_name("endpointslice_endpoint_topology_present_", name), "true");
  }
}

Endpoint read_slice_endpoint(const json::object& object) {
  const json::object& reference = object_at(object, "targetRef");
  const json::object& conditions = object_at(object, "conditions");
  Endpoint endpoint{.addresses = {},
                    .labels = {},
                    .zone = string_at(object, "zone"),
                    .node_key = node_in(reference),
                    .pod_key = pod_key_of(reference)};
  for (const auto& address : array_at(object, "addresses")) {
    if (address.is_string()) endpoint.addresses.emplace_back(address.get_string());
  }
  std::string_view node = text_at(object, "nodeName");
  LabelList& labels = endpoint.labels;
  add_flag(labels, "endpointslice_endpoint_conditions_ready", conditions, "ready");
  add_flag(labels, "endpointslice_endpoint_conditions_serving", conditions, "serving");
  add_flag(labels, "endpointslice_endpoint_conditions_terminating", conditions, "terminating");
  add_label(labels, "endpointslice_endpoint_hostname", text_at(object, "hostname"));
  add_label(labels, "endpointslice_endpoint_node_name", node);
  add_label(labels, "endpointslice_address_target_kind", text_at(reference, "kind"));
  add_label(labels, "endpointslice_address_target_name", text_at(reference, "name"));
  add_topology(labels, object_at(object, "deprecatedTopology"));
  if (endpoint.node_key.empty()) endpoint.node_key = node;
  return endpoint;
}

Port read_slice_port(const json::object& object) {
  Port port{
      .number = optional_number(object, "port"), .protocol = string_at(object, "protocol"), .labels = {}};
  if (port.number) add_label(port.labels, "endpointslice_port", std::to_string(*port.number));
  add_label(port.labels, "endpointslice_port_name", text_at(object, "name"));
  add_label(port.labels, "endpointslice_port_protocol", port.protocol);
  add_label(port.labels, "endpointslice_port_app_protocol", text_at(object, "appProtocol"));
  return port;
}

Port read_port(const json::object& object) {
  Port port{.number = number_at(object, "port"), .protocol = string_at(object, "protocol"), .labels = {}};
  add_label(port.labels, "endpoint_port_name", text_at(object, "name"));
  add_label(port.labels, "endpoint_port_protocol", port.protocol);
  return port;
}

}  // namespace

KubernetesEndpoints KubernetesEndpoints::read(const json::object& object) {
  KubernetesEndpoints endpoints;
  endpoints.name_space = string_at(object_at(object, "metadata"), "namespace");
  endpoints.service_key = key(object);  // it has its service's name
  endpoints.has_protocol_of_endpoint = true;
  add_named_metadata(endpoints.labels, "endpoints", object);
  for (const auto& value : array_at(object, "subsets")) {
    const json::object& subset = as_object(value);
    Subset read;
    for (const auto& port : array_at(subset, "ports")) read.ports.push_back(read_port(as_object(port)));
    for (const auto& address : array_at(subset, "addresses")) {
      read.endpoints.push_back(read_address(as_object(address), true));
    }
    for (const auto& address : array_at(subset, "notReadyAddresses")) {
      read.endpoints.push_back(read_address(as_object(address), false));
    }
    endpoints.subsets.push_back(std::move(read));
  }
  return endpoints;
}

KubernetesEndpointSlice KubernetesEndpointSlice::read(const json::object& object) {
  const json::object& meta = object_at(object, "metadata");
  KubernetesEndpointSlice slice;
  slice.name_space = string_at(meta, "namespace");
  std::string_view service = text_at(object_at(meta, "labels"), "kubernetes.io/service-name");
  if (!service.empty()) slice.service_key = kubernetes_key(slice.name_space, service);
  slice.family = string_at(object, "addressType");
  add_named_metadata(slice.labels, "endpointslice", object);
  add_label(slice.labels, "endpointslice_address_type", slice.family);
  Subset read;
  for (const auto& port : array_at(object, "ports")) read.ports.push_back(read_slice_port(as_object(port)));
  for (const auto& endpoint : array_at(object, "endpoints")) {
    read.endpoints.push_back(read_slice_endpoint(as_object(endpoint)));
  }
  slice.subsets.push_back(std::move(read));
  return slice;
}

bool KubernetesEndpointGroup::touched(const KubernetesJoins& joins) const {
  if (joins.namespace_changed(name_space)) return true;
  if (joins.services && joins.services->has_changed(service_key)) return true;
  for (const auto& subset : subsets) {
    for (const auto& endpoint : subset.endpoints) {
      if (joins.node_changed(endpoint.node_key)) return true;
      if (joins.pods && joins.pods->has_changed(endpoint.pod_key)) return true;
    }
  }
  return false;
}

}  // namespace weir::discovery
