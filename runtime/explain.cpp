#include "runtime/explain.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace weir::runtime {
namespace {

// Components that a way may pass: a config may send a target round through many.
constexpr std::size_t kMostVisits = 1000;

std::shared_ptr<const TargetTracer> tracer_of(const NodeState& state) {
  for (const auto& [type, service] : state.services) {
    if (type == typeid(TargetTracer)) return std::static_pointer_cast<const TargetTracer>(service);
  }
  return nullptr;
}

bool holds(const lang::List& list, const lang::Value& target) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.at(i) == target) return true;
  }
  return false;
}

// The list of targets among its arguments.
std::shared_ptr<const lang::List> targets_of(const Node& node, const NodeState& state) {
  if (state.arguments == nullptr || node.type == nullptr) return nullptr;
  if (node.type->arguments->find("targets") == nullptr) return nullptr;
  for (const lang::StatementValue& statement : node.type->to_body(state.arguments).statements) {
    if (statement.name == "targets") return statement.value.as_list();
  }
  return nullptr;
}

class Tracker {
 public:
  explicit Tracker(const Snapshot& snapshot) : snapshot_(snapshot) {}

  // Round by round, until no component sees the target in a form that it has not seen: what a component in a
  // module uses does not show in its references, so the order of the graph cannot be read off them.
  Explanation follow(const Node& source, lang::Value target) const {
    Explanation way{.source = &source, .target = target, .visits = {}};
    std::vector<lang::Value> fresh{std::move(target)};
    while (!fresh.empty() && way.visits.size() < kMostVisits) fresh = visit_all(way, fresh);
    return way;
  }

 private:
  // The forms that the target has afterwards.
  std::vector<lang::Value> visit_all(Explanation& way, const std::vector<lang::Value>& forms) const {
    std::vector<lang::Value> after;
    for (const auto& node : snapshot_.nodes) {
      auto state = node->state();
      auto tracer = tracer_of(*state);
      auto targets = tracer ? nullptr : targets_of(*node, *state);
      if (!tracer && !targets) continue;
      for (const lang::Value& form : forms) {
        if (way.visits.size() >= kMostVisits || was_seen(way, *node, form)) continue;
        auto visit = tracer ? traced(*node, *tracer, form) : used(*node, *targets, form);
        if (!visit) continue;
        if (!visit->is_dropped && !visit->is_used) {
          lang::Value left = visit->steps.empty() ? visit->target : visit->steps.back().target;
          if (!(left == form)) after.push_back(std::move(left));
        }
        way.visits.push_back(*std::move(visit));
      }
    }
    return after;
  }

  // Two ways may bring the same labels to one component.
  static bool was_seen(const Explanation& way, const Node& node, const lang::Value& target) {
    return std::ranges::any_of(way.visits,
                               [&](const Visit& v) { return v.node == &node && v.target == target; });
  }

  static std::optional<Visit> traced(const Node& node, const TargetTracer& tracer,
                                     const lang::Value& target) {
    auto steps = tracer.trace(target);
    if (!steps) return std::nullopt;
    bool is_dropped = !steps->empty() && steps->back().effect == TraceStep::Effect::dropped;
    return Visit{.node = &node, .target = target, .steps = *std::move(steps), .is_dropped = is_dropped};
  }

  static std::optional<Visit> used(const Node& node, const lang::List& targets, const lang::Value& target) {
    if (!holds(targets, target)) return std::nullopt;
    return Visit{.node = &node, .target = target, .steps = {}, .is_used = true};
  }

  const Snapshot& snapshot_;
};

// Lists of objects among the exports of a component that finds targets.
std::vector<std::shared_ptr<const lang::List>> found_by(const Node& node, const NodeState& state) {
  std::vector<std::shared_ptr<const lang::List>> lists;
  auto exports = state.exports.as_map();
  if (exports == nullptr || node.type == nullptr || node.type->is_transform || tracer_of(state)) return lists;
  exports->visit([&](std::string_view, const lang::Value& value) {
    if (auto list = value.as_list()) lists.push_back(std::move(list));
  });
  return lists;
}

}  // namespace

Explanations explain_targets(const Snapshot& snapshot, const TargetQuery& query, std::size_t limit) {
  Explanations explanations;
  Tracker tracker(snapshot);
  for (const auto& node : snapshot.nodes) {
    for (const auto& list : found_by(*node, *node->state())) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        lang::Value target = list->at(i);
        auto labels = target.as_map();
        if (labels == nullptr || !query(*labels)) continue;
        if (++explanations.found <= limit)
          explanations.shown.push_back(tracker.follow(*node, std::move(target)));
      }
    }
  }
  return explanations;
}

}  // namespace weir::runtime
