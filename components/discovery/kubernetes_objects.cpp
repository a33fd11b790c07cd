#include "components/discovery/kubernetes_objects.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/core.h>

#include "base/ascii.h"
#include "components/discovery/label_name.h"
#include "components/discovery/target_maker.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

// Which address of a node is its target's, the best first.
constexpr std::string_view kAddressTypes[] = {"InternalIP",  "InternalDNS",  "ExternalIP",
                                              "ExternalDNS", "LegacyHostIP", "Hostname"};

void read_addresses(KubernetesNode& node, const json::object& status) {
  std::map<std::string_view, std::string_view> by_type;  // of several the first
  for (const auto& value : array_at(status, "addresses")) {
    by_type.try_emplace(text_at(as_object(value), "type"), text_at(as_object(value), "address"));
  }
  for (const auto& [type, address] : by_type) {
    add_label(node.labels, label_name("node_address_", type), address);
  }
  const json::object& kubelet = object_at(object_at(status, "daemonEndpoints"), "kubeletEndpoint");
  for (std::string_view type : kAddressTypes) {
    std::string_view address = by_type[type];
    if (address.empty()) continue;
    node.address = host_and_port(address, number_at(kubelet, "Port"));
    return;
  }
}

std::set<std::string_view> tls_hosts(const json::array& tls) {
  std::set<std::string_view> hosts;
  for (const auto& entry : tls) {
    for (const auto& host : array_at(as_object(entry), "hosts")) {
      if (host.is_string()) hosts.emplace(host.get_string().data(), host.get_string().size());
    }
  }
  return hosts;
}

// "*.example.com" stands for one level below.
bool has_tls(const std::set<std::string_view>& hosts, std::string_view host) {
  if (hosts.contains(host)) return true;
  std::size_t dot = std::min(host.find('.'), host.size());
  return hosts.contains(fmt::format("*{}", host.substr(dot)));
}

std::vector<std::string> paths_of(const json::object& rule) {
  auto* http = rule.if_contains("http");
  if (!http || !http->is_object()) return {"/"};
  std::vector<std::string> paths;
  for (const auto& value : array_at(http->get_object(), "paths")) {
    std::string_view path = text_at(as_object(value), "path");
    paths.emplace_back(path.empty() ? "/" : path);
  }
  return paths;
}

}  // namespace

KubernetesNode KubernetesNode::read(const json::object& object) {
  const json::object& status = object_at(object, "status");
  KubernetesNode node;
  node.labels.emplace_back("instance", text_at(object_at(object, "metadata"), "name"));
  add_label(node.labels, "node_provider_id", text_at(object_at(object, "spec"), "providerID"));
  add_named_metadata(node.labels, "node", object);
  read_addresses(node, status);
  for (const auto& value : array_at(status, "conditions")) {
    const json::object& condition = as_object(value);
    add_label(node.conditions, label_name("node_condition_", to_lower(text_at(condition, "type"))),
              to_lower(text_at(condition, "status")));
  }
  return node;
}

void KubernetesNode::add_targets(const KubernetesJoins& joins, TargetMaker& maker) const {
  if (address.empty()) return;
  LabelList own = labels;
  if (joins.newer_labels) add_all(own, conditions);
  own.emplace_back("__address__", address);
  maker.add(std::move(own));
}

KubernetesService KubernetesService::read(const json::object& object) {
  const json::object& meta = object_at(object, "metadata");
  const json::object& spec = object_at(object, "spec");
  std::string_view type = text_at(spec, "type");
  KubernetesService service{.name_space = string_at(meta, "namespace"), .labels = {}, .ports = {}};
  add_named_metadata(service.labels, "service", object);
  add_label(service.labels, "service_type", type);
  if (type == "ExternalName") {
    add_label(service.labels, "service_external_name", text_at(spec, "externalName"));
  } else {
    add_label(service.labels, "service_cluster_ip", text_at(spec, "clusterIP"));
  }
  if (type == "LoadBalancer") {
    add_label(service.labels, "service_loadbalancer_ip", text_at(spec, "loadBalancerIP"));
  }
  std::string host = fmt::format("{}.{}.svc", text_at(meta, "name"), service.name_space);
  for (const auto& value : array_at(spec, "ports")) {
    const json::object& port = as_object(value);
    std::int64_t number = number_at(port, "port");
    Port read{.address = host_and_port(host, number), .labels = {}};
    add_label(read.labels, "service_port_name", text_at(port, "name"));
    add_label(read.labels, "service_port_number", std::to_string(number));
    add_label(read.labels, "service_port_protocol", text_at(port, "protocol"));
    service.ports.push_back(std::move(read));
  }
  return service;
}

void KubernetesService::add_targets(const KubernetesJoins& joins, TargetMaker& maker) const {
  LabelList common;
  joins.add_namespace(common, name_space);
  add_all(common, labels);
  maker.set_common(std::move(common));
  for (const auto& port : ports) {
    LabelList own = port.labels;
    own.emplace_back("__address__", port.address);
    maker.add(std::move(own));
  }
}

KubernetesIngress KubernetesIngress::read(const json::object& object) {
  const json::object& spec = object_at(object, "spec");
  KubernetesIngress ingress{
      .name_space = string_at(object_at(object, "metadata"), "namespace"), .labels = {}, .rules = {}};
  add_named_metadata(ingress.labels, "ingress", object);
  add_label(ingress.labels, "ingress_class_name", text_at(spec, "ingressClassName"));
  auto hosts = tls_hosts(array_at(spec, "tls"));
  for (const auto& value : array_at(spec, "rules")) {
    const json::object& rule = as_object(value);
    std::string host = string_at(rule, "host");
    bool is_tls = has_tls(hosts, host);
    ingress.rules.push_back({.host = std::move(host), .is_tls = is_tls, .paths = paths_of(rule)});
  }
  return ingress;
}

void KubernetesIngress::add_targets(const KubernetesJoins& joins, TargetMaker& maker) const {
  LabelList common;
  joins.add_namespace(common, name_space);
  add_all(common, labels);
  maker.set_common(std::move(common));
  for (const auto& rule : rules) {
    for (const auto& path : rule.paths) {
      LabelList own;
      add_label(own, "ingress_scheme", rule.is_tls ? "https" : "http");
      add_label(own, "ingress_host", rule.host);
      add_label(own, "ingress_path", path);
      own.emplace_back("__address__", rule.host);
      maker.add(std::move(own));
    }
  }
}

}  // namespace weir::discovery
