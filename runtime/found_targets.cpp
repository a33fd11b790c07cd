#include "runtime/found_targets.h"

#include <algorithm>
#include <utility>

#include "runtime/target_tracer.h"

namespace weir::runtime {
namespace {

bool changes_targets(const NodeState& state) {
  return std::ranges::any_of(state.services,
                             [](const auto& service) { return service.first == typeid(TargetTracer); });
}

// False: enough.
bool each_target(const Node& node, const lang::List& list, const EachTarget& each) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    lang::Value target = list.at(i);
    auto labels = target.as_map();
    if (labels && !each(node, target, *labels)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::shared_ptr<const lang::List>> targets_found_by(const Node& node, const NodeState& state) {
  std::vector<std::shared_ptr<const lang::List>> lists;
  auto exports = state.exports.as_map();
  if (!exports || node.type == nullptr || node.type->is_transform || changes_targets(state)) return lists;
  exports->visit([&](std::string_view, const lang::Value& value) {
    if (auto list = value.as_list()) lists.push_back(std::move(list));
  });
  return lists;
}

void each_found_target(const Snapshot& snapshot, const EachTarget& each) {
  for (const auto& node : snapshot.nodes) {
    for (const auto& list : targets_found_by(*node, *node->state())) {
      if (!each_target(*node, *list, each)) return;
    }
  }
}

}  // namespace weir::runtime
