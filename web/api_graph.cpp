#include "web/api.h"
#include "web/graph_edges.h"

namespace weir::web {
namespace {

void write_node(JsonWriter& json, const runtime::Node& node, const ModuleOwners& owners) {
  auto health = node.state()->health;
  json.begin_object().member("id", node.id).member("name", node.name).member("label", node.label);
  if (auto owner = owners.find(node.module_id); owner != owners.end()) json.member("owner", owner->second);
  json.member("isModule", !node.created_modules.empty()).key("health").begin_object();
  json.member("state", runtime::to_string(health.state)).member("message", health.message);
  json.member("since", unix_ms(health.since)).end_object();
  json.end_object();
}

void write_edge(JsonWriter& json, const GraphEdge& edge) {
  json.begin_object().member("from", edge.from).member("to", edge.to);
  json.member("kind", to_string(edge.kind)).member("inside", edge.is_inside);
  json.key("exports").begin_array();
  for (const auto& name : edge.exports) json.value(name);
  json.end_array();
  if (edge.length) json.member("length", *edge.length);
  if (edge.profiles) json.member("profiles", *edge.profiles);
  json.end_object();
}

net::Response graph_response(const runtime::Snapshot& snapshot) {
  auto owners = module_owners(snapshot);
  JsonWriter json;
  json.begin_object().key("nodes").begin_array();
  for (const auto& node : snapshot.nodes) write_node(json, *node, owners);
  json.end_array().key("edges").begin_array();
  for (const GraphEdge& edge : graph_edges(snapshot)) write_edge(json, edge);
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace

// On the worker: every block's text is looked through.
void answer_graph(Site& site, const Call& call) {
  site.offload(call.reply, [snapshot = site.snapshot()] { return graph_response(*snapshot); });
}

}  // namespace weir::web
