#include "profiler/symbols/itanium/tree.h"

#include <algorithm>

namespace weir::profiler::itanium {

Nodes Tree::keep(std::span<Node* const> nodes) {
  if (nodes.empty() || !spend(nodes.size())) return {};
  auto* place = static_cast<Node**>(arena_.allocate(nodes.size_bytes(), alignof(Node*)));
  std::ranges::copy(nodes, place);
  return {place, nodes.size()};
}

std::string_view Tree::keep(std::string_view text) {
  if (text.empty() || !spend(text.size())) return {};
  auto* place = static_cast<char*>(arena_.allocate(text.size(), 1));
  std::ranges::copy(text, place);
  return {place, text.size()};
}

}  // namespace weir::profiler::itanium
