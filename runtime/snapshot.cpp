#include "runtime/snapshot.h"

namespace weir::runtime {

lang::BodyValue Node::arguments() const {
  auto current = state();
  if (!current->arguments || type == nullptr) return {};
  return type->to_body(current->arguments);
}

const Node* Snapshot::find(std::string_view id) const {
  for (const auto& node : nodes) {
    if (node->id == id) return node.get();
  }
  return nullptr;
}

}  // namespace weir::runtime
