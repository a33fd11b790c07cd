// What flows from component to component, for the page's graph: in the data's direction, which for profiles
// is against that of the reference (a forward_to names who gets them).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/snapshot.h"

namespace weir::web {

struct GraphEdge {
  enum class Kind : std::uint8_t { value, list, targets, profiles };

  std::size_t from = 0, to = 0;  // places among the snapshot's nodes
  Kind kind = Kind::value;       // of what the edge is drawn for, where it stands for several exports
  std::vector<std::string> exports;
  // Between a module and a component in it: what passes in or out.
  bool is_inside = false;
  std::optional<std::size_t> length;      // of the list, once it is exported
  std::optional<std::uint64_t> profiles;  // handed over since the sender started, where it counts them
};

std::string_view to_string(GraphEdge::Kind kind);
// By the path of a module, the place in the snapshot of the node that made it.
using ModuleOwners = std::unordered_map<std::string_view, std::size_t>;
ModuleOwners module_owners(const runtime::Snapshot& snapshot);

std::vector<GraphEdge> graph_edges(const runtime::Snapshot& snapshot);

}  // namespace weir::web
