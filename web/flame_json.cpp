#include "web/flame_json.h"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir::web {
namespace {

class Strings {
 public:
  std::uint32_t index(std::string_view text) {
    auto [found, added] = indexes_.try_emplace(text, static_cast<std::uint32_t>(all_.size()));
    if (added) all_.push_back(text);
    return found->second;
  }
  const std::vector<std::string_view>& all() const { return all_; }

 private:
  std::unordered_map<std::string_view, std::uint32_t> indexes_;  // views into the tree
  std::vector<std::string_view> all_;
};

struct Placed {
  std::uint32_t node;
  std::int64_t parent;  // where it stands in the order
};

std::vector<Placed> preorder(const std::vector<profile::FlameNode>& nodes) {
  std::vector<Placed> order;
  order.reserve(nodes.size());
  std::vector<Placed> open{{0, -1}};
  while (!open.empty()) {
    Placed next = open.back();
    open.pop_back();
    auto place = static_cast<std::int64_t>(order.size());
    order.push_back(next);
    const auto& children = nodes[next.node].children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) open.push_back({*child, place});
  }
  return order;
}

}  // namespace

void write_flame(JsonWriter& json, const profile::FlameTree& tree) {
  const auto& nodes = tree.nodes();
  auto order = preorder(nodes);
  Strings strings;
  auto column = [&](std::string_view name, auto&& value) {
    json.key(name).begin_array();
    for (const auto& placed : order) json.value(value(nodes[placed.node]));
    json.end_array();
  };
  json.begin_object();
  column("name", [&](const auto& node) { return strings.index(node.name); });
  column("module", [&](const auto& node) { return strings.index(node.module); });
  column("kind", [&](const auto& node) { return strings.index(profile::to_string(node.kind)); });
  column("why", [&](const auto& node) { return strings.index(profile::to_string(node.no_name)); });
  column("reason", [&](const auto& node) { return strings.index(tree.reasons()[node.reason]); });
  column("total", [](const auto& node) { return node.total; });
  column("self", [](const auto& node) { return node.self; });
  if (tree.has_before()) {
    column("beforeTotal", [](const auto& node) { return node.before_total; });
    column("beforeSelf", [](const auto& node) { return node.before_self; });
  }
  json.key("parent").begin_array();
  for (const auto& placed : order) json.value(placed.parent);
  json.end_array().key("strings").begin_array();
  for (auto text : strings.all()) json.value(text);
  json.end_array().end_object();
}

}  // namespace weir::web
