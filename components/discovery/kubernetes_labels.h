// Labels that the objects of Kubernetes have in common. For .cpp files only, as it brings Boost.JSON.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "components/discovery/target.h"

namespace weir::discovery {

using LabelList = std::vector<Target::Label>;

constexpr std::string_view kKubernetesPrefix = "__meta_kubernetes_";

// namespace/name; the name of what is in no namespace.
std::string kubernetes_key(const boost::json::object& object);
std::string kubernetes_key(std::string_view name_space, std::string_view name);
// The object's own labels and annotations, each with a label that says it is present: pod_label_X,
// pod_annotation_X …
void add_metadata(LabelList& labels, std::string_view kind, const boost::json::object& object);
// The same, and its name: pod_name.
void add_named_metadata(LabelList& labels, std::string_view kind, const boost::json::object& object);
// Adds __meta_kubernetes_NAME; nothing where the value is empty.
void add_label(LabelList& labels, std::string_view name, std::string_view value);
// "true" or "false"; nothing where the object does not say.
void add_flag(LabelList& labels, std::string_view name, const boost::json::object& object,
              std::string_view key);
void add_all(LabelList& labels, const LabelList& more);
std::string host_and_port(std::string_view host, std::int64_t port);

}  // namespace weir::discovery
