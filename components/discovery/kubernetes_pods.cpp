#include "components/discovery/kubernetes_pods.h"

#include <fmt/core.h>

#include "components/discovery/label_name.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

using LabelList = std::vector<Target::Label>;

void add_map(LabelList& labels, std::string_view kind, const json::object& map) {
  for (const auto& [name, value] : map) {
    if (!value.is_string()) continue;
    labels.emplace_back(label_name(fmt::format("__meta_kubernetes_pod_{}_", kind), name), value.get_string());
    labels.emplace_back(label_name(fmt::format("__meta_kubernetes_pod_{}present_", kind), name), "true");
  }
}

std::string ready_of(const json::object& status) {
  for (const auto& value : array_at(status, "conditions")) {
    const json::object& condition = as_object(value);
    if (text_at(condition, "type") != "Ready") continue;
    std::string_view text = text_at(condition, "status");
    return text == "True" ? "true" : text == "False" ? "false" : "unknown";
  }
  return "unknown";
}

LabelList pod_labels(const json::object& pod) {
  const json::object& meta = object_at(pod, "metadata");
  const json::object& spec = object_at(pod, "spec");
  const json::object& status = object_at(pod, "status");
  LabelList labels{
      {"__meta_kubernetes_namespace", string_at(meta, "namespace")},
      {"__meta_kubernetes_pod_name", string_at(meta, "name")},
      {"__meta_kubernetes_pod_uid", string_at(meta, "uid")},
      {"__meta_kubernetes_pod_ip", string_at(status, "podIP")},
      {"__meta_kubernetes_pod_host_ip", string_at(status, "hostIP")},
      {"__meta_kubernetes_pod_phase", string_at(status, "phase")},
      {"__meta_kubernetes_pod_ready", ready_of(status)},
      {"__meta_kubernetes_pod_node_name", string_at(spec, "nodeName")},
  };
  for (const auto& value : array_at(meta, "ownerReferences")) {
    const json::object& owner = as_object(value);
    if (!bool_at(owner, "controller")) continue;
    labels.emplace_back("__meta_kubernetes_pod_controller_kind", text_at(owner, "kind"));
    labels.emplace_back("__meta_kubernetes_pod_controller_name", text_at(owner, "name"));
    break;
  }
  add_map(labels, "label", object_at(meta, "labels"));
  add_map(labels, "annotation", object_at(meta, "annotations"));
  return labels;
}

std::string container_id_in(const json::array& statuses, std::string_view name) {
  for (const auto& value : statuses) {
    if (text_at(as_object(value), "name") == name) return string_at(as_object(value), "containerID");
  }
  return "";
}

std::string host_and_port(std::string_view host, std::int64_t port) {
  bool v6 = host.find(':') != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

// One target for each port of a container, or one without.
void add_container(Pod& pod, const LabelList& common, std::string_view ip, const json::object& container) {
  const json::array& ports = array_at(container, "ports");
  if (ports.empty()) {
    LabelList labels = common;
    labels.emplace_back("__address__", ip);
    pod.targets.push_back(Target::make(std::move(labels)));
  }
  for (const auto& value : ports) {
    const json::object& port = as_object(value);
    std::int64_t number = number_at(port, "containerPort");
    LabelList labels = common;
    labels.emplace_back("__address__", host_and_port(ip, number));
    labels.emplace_back("__meta_kubernetes_pod_container_port_name", text_at(port, "name"));
    labels.emplace_back("__meta_kubernetes_pod_container_port_number", std::to_string(number));
    labels.emplace_back("__meta_kubernetes_pod_container_port_protocol", text_at(port, "protocol"));
    pod.targets.push_back(Target::make(std::move(labels)));
  }
}

Pod read_pod(const json::object& object) {
  const json::object& meta = object_at(object, "metadata");
  const json::object& spec = object_at(object, "spec");
  const json::object& status = object_at(object, "status");
  Pod pod{.key = fmt::format("{}/{}", text_at(meta, "namespace"), text_at(meta, "name")),
          .resource_version = string_at(meta, "resourceVersion")};
  std::string_view ip = text_at(status, "podIP");
  if (ip.empty()) return pod;
  LabelList common = pod_labels(object);
  auto add_all = [&](std::string_view list, std::string_view statuses, std::string_view is_init) {
    for (const auto& value : array_at(spec, list)) {
      const json::object& container = as_object(value);
      std::string_view name = text_at(container, "name");
      LabelList labels = common;
      labels.emplace_back("__meta_kubernetes_pod_container_name", name);
      labels.emplace_back("__meta_kubernetes_pod_container_id",
                          container_id_in(array_at(status, statuses), name));
      labels.emplace_back("__meta_kubernetes_pod_container_image", text_at(container, "image"));
      labels.emplace_back("__meta_kubernetes_pod_container_init", is_init);
      add_container(pod, labels, ip, container);
    }
  };
  add_all("containers", "containerStatuses", "false");
  add_all("initContainers", "initContainerStatuses", "true");
  return pod;
}

}  // namespace

Result<PodPage> read_pod_list(std::string_view text) {
  auto value = parse_json(text, "the list of pods");
  if (!value) return std::unexpected(value.error());
  const json::object& list = as_object(*value);
  if (text_at(list, "kind") != "PodList") return fail("the answer is not a list of pods");
  const json::object& meta = object_at(list, "metadata");
  PodPage page{.resource_version = string_at(meta, "resourceVersion"), .next = string_at(meta, "continue")};
  for (const auto& item : array_at(list, "items")) page.pods.push_back(read_pod(as_object(item)));
  return page;
}

Result<PodEvent> read_pod_event(std::string_view line) {
  auto value = parse_json(line, "an event of the watch");
  if (!value) return std::unexpected(value.error());
  const json::object& event = as_object(*value);
  const json::object& object = object_at(event, "object");
  std::string_view type = text_at(event, "type");
  if (type == "ADDED" || type == "MODIFIED")
    return PodEvent{.kind = PodEvent::Kind::changed, .pod = read_pod(object)};
  if (type == "DELETED") return PodEvent{.kind = PodEvent::Kind::gone, .pod = read_pod(object)};
  if (type == "BOOKMARK") return PodEvent{.kind = PodEvent::Kind::bookmark, .pod = read_pod(object)};
  if (type != "ERROR") return fail("an event of the watch is of the unknown type \"{}\"", type.substr(0, 40));
  return PodEvent{.kind = PodEvent::Kind::error,
                  .code = number_at(object, "code"),
                  .message = string_at(object, "message")};
}

std::string status_message(std::string_view text) {
  constexpr std::size_t kShown = 300;
  auto value = parse_json(text, "a status");
  std::string message = value ? string_at(as_object(*value), "message") : "";
  if (message.empty()) message = text;
  return message.substr(0, kShown);
}

}  // namespace weir::discovery
