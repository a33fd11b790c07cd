#include "components/discovery/kubernetes_labels.h"

#include <fmt/core.h>

#include "components/discovery/label_name.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

void add_map(LabelList& labels, std::string_view kind, std::string_view what, const json::object& map) {
  std::string value_prefix = fmt::format("{}{}_{}_", kKubernetesPrefix, kind, what);
  std::string present_prefix = fmt::format("{}{}_{}present_", kKubernetesPrefix, kind, what);
  for (const auto& [name, value] : map) {
    if (!value.is_string()) continue;
    labels.emplace_back(label_name(value_prefix, name), value.get_string());
    labels.emplace_back(label_name(present_prefix, name), "true");
  }
}

}  // namespace

std::string kubernetes_key(std::string_view name_space, std::string_view name) {
  return name_space.empty() ? std::string(name) : fmt::format("{}/{}", name_space, name);
}

std::string kubernetes_key(const json::object& object) {
  const json::object& meta = object_at(object, "metadata");
  return kubernetes_key(text_at(meta, "namespace"), text_at(meta, "name"));
}

void add_metadata(LabelList& labels, std::string_view kind, const json::object& object) {
  const json::object& meta = object_at(object, "metadata");
  add_map(labels, kind, "label", object_at(meta, "labels"));
  add_map(labels, kind, "annotation", object_at(meta, "annotations"));
}

void add_named_metadata(LabelList& labels, std::string_view kind, const json::object& object) {
  labels.emplace_back(fmt::format("{}{}_name", kKubernetesPrefix, kind),
                      text_at(object_at(object, "metadata"), "name"));
  add_metadata(labels, kind, object);
}

void add_label(LabelList& labels, std::string_view name, std::string_view value) {
  if (!value.empty()) labels.emplace_back(fmt::format("{}{}", kKubernetesPrefix, name), value);
}

void add_flag(LabelList& labels, std::string_view name, const json::object& object, std::string_view key) {
  auto* value = object.if_contains(key);
  if (value && value->is_bool()) add_label(labels, name, value->get_bool() ? "true" : "false");
}

void add_all(LabelList& labels, const LabelList& more) {
  labels.insert(labels.end(), more.begin(), more.end());
}

std::string host_and_port(std::string_view host, std::int64_t port) {
  bool v6 = host.find_first_of(":%") != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace weir::discovery
