#include "runtime/explain.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "runtime/found_targets.h"

namespace weir::runtime {
namespace {

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

// Who takes targets: one that tells what it does with them, or one that uses them as they are.
struct Taker {
  const Node* node = nullptr;
  std::shared_ptr<const TargetTracer> tracer;
  std::shared_ptr<const lang::List> targets;
};

std::vector<Taker> takers_of(const Snapshot& snapshot) {
  std::vector<Taker> takers;
  for (const auto& node : snapshot.nodes) {
    auto state = node->state();
    Taker taker{.node = node.get(), .tracer = tracer_of(*state), .targets = nullptr};
    if (!taker.tracer) taker.targets = targets_of(*node, *state);
    if (taker.tracer || taker.targets) takers.push_back(std::move(taker));
  }
  return takers;
}

std::size_t size_of(const lang::Value& target) {
  std::size_t size = 0;
  auto labels = target.as_map();
  if (labels == nullptr) return size;
  labels->visit([&](std::string_view name, const lang::Value& value) {
    auto* text = value.as_string();
    size += name.size() + (text ? text->size() : 0);
  });
  return size;
}

// Of what is told of it, besides labels and reasons: its place, its name.
constexpr std::size_t kStepSize = 100;

std::size_t size_of(const TraceStep& step) {
  std::size_t size = kStepSize + step.what.size() + step.why.size();
  return step.effect == TraceStep::Effect::changed ? size + size_of(step.target) : size;
}

// What is left of the limits that all ways share.
class Budget {
 public:
  explicit Budget(const ExplainLimits& limits) : limits_(limits), begin_(limits.clock->mono()) {}

  // Half the time is for the search, so that there is some left to tell of what it found.
  bool may_search() { return !limits_.time || passed() <= *limits_.time / 2; }
  // Asked before each thing that is looked at or told; after one refusal there are only more of them.
  bool may_tell() {
    if (bytes_ > limits_.bytes) refuse(fmt::format("there is more to tell than {} bytes", limits_.bytes));
    if (limits_.time && passed() > *limits_.time)
      refuse("it takes longer than " + format_duration(*limits_.time));
    return !has_refused();
  }
  void spend(std::size_t bytes) { bytes_ += bytes; }

  bool has_refused() const { return !why_.empty(); }
  const std::string& why() const { return why_; }  // which limit was met

 private:
  // A look takes no longer than the clock does: it is asked now and then only.
  Duration passed() {
    constexpr std::size_t kLooksBetween = 16;
    if (looks_++ % kLooksBetween == 0) passed_ = limits_.clock->mono() - begin_;
    return passed_;
  }
  void refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }

  const ExplainLimits& limits_;
  const MonoTime begin_;
  Duration passed_{};
  std::size_t looks_ = 0;
  std::size_t bytes_ = 0;
  std::string why_;
};

class Tracker {
 public:
  Tracker(const Snapshot& snapshot, const ExplainLimits& limits, Budget& budget)
      : takers_(takers_of(snapshot)), limits_(limits), budget_(budget) {}

  // Round by round, until no component sees the target in a form that it has not seen: what a component in a
  // module uses does not show in its references, so the order of the graph cannot be read off them.
  Explanation follow(const Node& source, lang::Value target) const {
    Explanation way{.source = &source, .target = target, .visits = {}};
    budget_.spend(size_of(target));
    std::vector<lang::Value> forms{std::move(target)};
    std::size_t seen = 0;
    while (seen < forms.size() && !way.is_cut) seen = visit_all(way, forms, seen);
    way.is_cut = way.is_cut || budget_.has_refused();
    return way;
  }

 private:
  // Shows the forms from `first` on to all who take targets; what they make of them is added. Returns the
  // first that is new.
  std::size_t visit_all(Explanation& way, std::vector<lang::Value>& forms, std::size_t first) const {
    std::size_t end = forms.size();
    for (const Taker& taker : takers_) {
      for (std::size_t i = first; i < end; ++i) {
        way.is_cut = !budget_.may_tell();
        auto visit = way.is_cut ? std::nullopt : visit_of(taker, forms[i]);
        if (visit) add(way, *std::move(visit), forms);
        if (way.is_cut) return end;
      }
    }
    return end;
  }

  void add(Explanation& way, Visit visit, std::vector<lang::Value>& forms) const {
    way.is_cut = way.visits.size() >= limits_.visits;
    if (way.is_cut) return;
    if (!visit.is_dropped && !visit.steps.empty()) {
      const lang::Value& left = visit.steps.back().target;
      // Two ways may bring the same labels to one component.
      if (std::ranges::find(forms, left) == forms.end()) forms.push_back(left);
    }
    way.visits.push_back(std::move(visit));
  }

  std::optional<Visit> visit_of(const Taker& taker, const lang::Value& target) const {
    Visit visit{.node = taker.node, .target = target, .steps = {}, .is_used = taker.tracer == nullptr};
    auto each = [&](TraceStep step) {
      if (!budget_.may_tell()) return false;
      budget_.spend(size_of(step));
      visit.steps.push_back(std::move(step));
      return true;
    };
    bool comes_in = taker.tracer ? taker.tracer->trace(target, each) : holds(*taker.targets, target);
    bool is_told = !visit.steps.empty() || !budget_.has_refused();
    if (!comes_in || !is_told) return std::nullopt;
    visit.is_dropped = !visit.steps.empty() && visit.steps.back().effect == TraceStep::Effect::dropped;
    budget_.spend(kStepSize + size_of(target));
    return visit;
  }

  const std::vector<Taker> takers_;
  const ExplainLimits& limits_;
  Budget& budget_;
};

struct Found {
  const Node* source = nullptr;
  lang::Value target;
};

// Those that are to be shown; all that match are counted.
std::vector<Found> search(const Snapshot& snapshot, const TargetQuery& query, const ExplainLimits& limits,
                          Budget& budget, Explanations& explanations) {
  std::vector<Found> found;
  each_found_target(snapshot, [&](const Node& source, const lang::Value& target, const lang::Map& labels) {
    explanations.is_found_known = budget.may_search();
    if (!explanations.is_found_known) return false;
    if (query(labels) && ++explanations.found <= limits.targets) found.push_back({&source, target});
    return true;
  });
  return found;
}

}  // namespace

Explanations explain_targets(const Snapshot& snapshot, const TargetQuery& query,
                             const ExplainLimits& limits) {
  Explanations explanations;
  Budget budget(limits);
  std::vector<Found> found = search(snapshot, query, limits, budget, explanations);
  if (!explanations.is_found_known) {
    explanations.cut = fmt::format("Not all targets were looked at: it takes longer than {}. ",
                                   format_duration(*limits.time / 2));
  }
  if (found.empty()) return explanations;
  Tracker tracker(snapshot, limits, budget);
  bool is_long = false;
  for (Found& one : found) {
    if (!budget.may_tell()) break;
    Explanation way = tracker.follow(*one.source, std::move(one.target));
    is_long = is_long || (way.is_cut && way.visits.size() >= limits.visits);
    explanations.shown.push_back(std::move(way));
  }
  if (budget.has_refused()) explanations.cut += fmt::format("Not all is told: {}. ", budget.why());
  if (is_long) explanations.cut += fmt::format("A way is told as far as {} components. ", limits.visits);
  if (!explanations.cut.empty()) explanations.cut.pop_back();
  return explanations;
}

}  // namespace weir::runtime
