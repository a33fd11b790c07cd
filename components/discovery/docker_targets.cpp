#include "components/discovery/docker_targets.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "components/discovery/label_name.h"
#include "components/discovery/target_count.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

using LabelList = std::vector<Target::Label>;

constexpr int kSharedNetworkHops = 16;  // container:A that names container:B …

std::string host_and_port(std::string_view host, std::int64_t port) {
  bool v6 = host.find(':') != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

void add_labels(LabelList& labels, std::string_view prefix, const json::object& given) {
  for (const auto& [name, value] : given) {
    if (value.is_string()) labels.emplace_back(label_name(prefix, name), value.get_string());
  }
}

std::map<std::string, LabelList, std::less<>> network_labels(const json::array& networks) {
  auto yes_no = [](bool yes) { return yes ? "true" : "false"; };
  std::map<std::string, LabelList, std::less<>> by_id;
  for (const auto& value : networks) {
    const json::object& network = as_object(value);
    LabelList& labels = by_id[std::string(text_at(network, "Id"))];
    labels = {{"__meta_docker_network_id", string_at(network, "Id")},
              {"__meta_docker_network_name", string_at(network, "Name")},
              {"__meta_docker_network_scope", string_at(network, "Scope")},
              {"__meta_docker_network_internal", yes_no(bool_at(network, "Internal"))},
              {"__meta_docker_network_ingress", yes_no(bool_at(network, "Ingress"))}};
    add_labels(labels, "__meta_docker_network_label_", object_at(network, "Labels"));
  }
  return by_id;
}

class Builder {
 public:
  Builder(const json::array& containers, const json::array& networks, const DockerTargetOptions& options)
      : options_(options), networks_(network_labels(networks)) {
    for (const auto& value : containers) {
      by_id_[text_at(as_object(value), "Id")] = &as_object(value);
    }
  }

  bool is_full() const { return is_full_; }
  std::string too_much() const { return count_.too_much(); }

  void add(const json::object& container) {
    common_ = container_labels(container);
    mode_ = text_at(object_at(container, "HostConfig"), "NetworkMode");
    const json::object& networks = networks_of(container);
    if (networks.empty()) return add_target({}, fallback_address(""));
    std::map<std::string_view, const json::object*> by_name;
    for (const auto& [name, value] : networks) by_name[name] = &as_object(value);
    for (const auto& [name, network] : by_name) {
      add_network(container, *network);
      if (options_.match_first_network) return;
    }
  }

  std::vector<TargetPtr> take() {
    std::ranges::sort(targets_, [](const TargetPtr& a, const TargetPtr& b) {
      return std::ranges::lexicographical_compare(a->labels(), b->labels());
    });
    return std::move(targets_);
  }

 private:
  bool is_newer() const { return options_.dialect == lang::Dialect::alloy; }

  LabelList container_labels(const json::object& container) const {
    const json::array& names = array_at(container, "Names");
    LabelList labels{
        {"__meta_docker_container_id", string_at(container, "Id")},
        {"__meta_docker_container_network_mode",
         string_at(object_at(container, "HostConfig"), "NetworkMode")},
    };
    if (is_newer()) {
      labels.emplace_back("__meta_docker_container_image", string_at(container, "Image"));
      labels.emplace_back("__meta_docker_container_image_id", string_at(container, "ImageID"));
    }
    if (!names.empty() && names[0].is_string()) {
      labels.emplace_back("__meta_docker_container_name", names[0].get_string());
    }
    add_labels(labels, "__meta_docker_container_label_", object_at(container, "Labels"));
    return labels;
  }

  // Its own, or (newer dialect) those of the container whose network it shares.
  const json::object& networks_of(const json::object& container) const {
    const json::object* owner = &container;
    for (int hop = 0; hop < kSharedNetworkHops; ++hop) {
      const json::object& networks = object_at(object_at(*owner, "NetworkSettings"), "Networks");
      std::string_view mode = text_at(object_at(*owner, "HostConfig"), "NetworkMode");
      if (!networks.empty() || !mode.starts_with("container:") || !is_newer()) return networks;
      auto other = by_id_.find(mode.substr(std::string_view("container:").size()));
      if (other == by_id_.end()) return networks;
      owner = other->second;
    }
    return object_at(container, "");  // a circle, which no real daemon makes
  }

  void add_network(const json::object& container, const json::object& network) {
    std::string ip(text_at(network, "IPAddress"));
    if (ip.empty() && is_newer()) ip = text_at(network, "GlobalIPv6Address");
    LabelList labels{{"__meta_docker_network_ip", ip}};
    auto known = networks_.find(text_at(network, "NetworkID"));
    if (known != networks_.end()) {
      labels.insert(labels.end(), known->second.begin(), known->second.end());
    }
    bool any = false;
    for (const auto& value : array_at(container, "Ports")) {
      const json::object& port = as_object(value);
      if (text_at(port, "Type") != "tcp") continue;
      any = true;
      LabelList with_port = labels;
      std::int64_t number = number_at(port, "PrivatePort");
      with_port.emplace_back("__meta_docker_port_private", std::to_string(number));
      if (std::int64_t published = number_at(port, "PublicPort"); published > 0) {
        with_port.emplace_back("__meta_docker_port_public", std::to_string(published));
        with_port.emplace_back("__meta_docker_port_public_ip", text_at(port, "IP"));
      }
      add_target(std::move(with_port), host_and_port(ip, number));
    }
    if (!any) add_target(std::move(labels), fallback_address(ip));
  }

  std::string fallback_address(std::string_view ip) const {
    return mode_ == "host" ? options_.host_networking_host : host_and_port(ip, options_.port);
  }

  void add_target(LabelList labels, std::string address) {
    if (is_full_) return;
    labels.insert(labels.end(), common_.begin(), common_.end());
    labels.emplace_back("__address__", std::move(address));
    // Each of a container's networks with each of its ports, and every label again.
    is_full_ = !count_.add(1, label_bytes_of(labels));
    if (!is_full_) targets_.push_back(Target::make(std::move(labels)));
  }

  const DockerTargetOptions& options_;
  std::map<std::string, LabelList, std::less<>> networks_;
  std::map<std::string_view, const json::object*> by_id_;
  LabelList common_;  // of the container that is being added
  std::string_view mode_;
  std::vector<TargetPtr> targets_;
  TargetCount count_;
  bool is_full_ = false;
};

}  // namespace

Result<DockerTargets> docker_targets(std::string_view containers_text, std::string_view networks_text,
                                     const DockerTargetOptions& options) {
  auto containers = parse_json(containers_text, "the list of containers");
  if (!containers) return std::unexpected(containers.error());
  auto networks = parse_json(networks_text, "the list of networks");
  if (!networks) return std::unexpected(networks.error());
  if (!containers->is_array() || !networks->is_array()) {
    return fail("the daemon's answer is not a list: is this a Docker daemon?");
  }
  Builder builder(containers->get_array(), networks->get_array(), options);
  for (const auto& container : containers->get_array()) builder.add(as_object(container));
  if (builder.is_full()) {
    return fail("the containers make {}: let fewer through by a filter", builder.too_much());
  }
  return DockerTargets{.targets = {TargetList::make(builder.take())},
                       .containers = containers->get_array().size()};
}

}  // namespace weir::discovery
