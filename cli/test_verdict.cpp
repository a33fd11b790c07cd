#include "cli/test_verdict.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "lang/text.h"
#include "runtime/explain.h"
#include "web/explanation.h"

namespace weir::cli {
namespace {

using Labels = web::TargetLabels;
using runtime::Explanation;
using runtime::Visit;
using web::labels_of;

bool is_list_of_objects(const lang::Value& value) {
  auto list = value.as_list();
  return list && list->size() > 0 && list->at(0).as_map() != nullptr;
}

// How many labels both have.
std::size_t likeness(const Labels& a, const Labels& b) {
  return static_cast<std::size_t>(std::ranges::count_if(a, [&](const auto& label) {
    auto found = b.find(label.first);
    return found != b.end() && found->second == label.second;
  }));
}

std::vector<lang::Value> elements(const lang::Value& value) {
  std::vector<lang::Value> found;
  auto list = value.as_list();
  for (std::size_t i = 0; list && i < list->size(); ++i) found.push_back(list->at(i));
  return found;
}

// Takes out of both what is in both.
void remove_common(std::vector<lang::Value>& a, std::vector<lang::Value>& b) {
  std::erase_if(a, [&](const lang::Value& one) {
    auto same = std::ranges::find(b, one);
    if (same == b.end()) return false;
    b.erase(same);
    return true;
  });
}

// The one that is most like it, taken out.
std::optional<lang::Value> take_likest(const lang::Value& wanted, std::vector<lang::Value>& from) {
  Labels labels = labels_of(wanted);
  auto best = std::ranges::max_element(
      from, {}, [&](const lang::Value& other) { return likeness(labels, labels_of(other)); });
  if (best == from.end() || likeness(labels, labels_of(*best)) == 0) return std::nullopt;
  lang::Value taken = std::move(*best);
  from.erase(best);
  return taken;
}

std::string text_of(const lang::Value& target) {
  std::string out;
  for (const auto& [name, value] : labels_of(target)) {
    out +=
        fmt::format("{}{} = \"{}\"", out.empty() ? "" : ", ", lang::printable(name), lang::printable(value));
  }
  return "{ " + out + " }";
}

class Judge {
 public:
  Judge(const TestCase& test, const runtime::Snapshot& snapshot)
      : test_(test), snapshot_(snapshot), ways_(ways_of(snapshot)) {}

  std::vector<std::string> failures() {
    for (const TestOverride& override : test_.overrides) find(override.component);
    for (const TestExports& expected : test_.expected) judge(expected);
    for (const TestTarget& target : test_.targets) judge(target);
    return std::move(failures_);
  }

 private:
  const runtime::Node* find(const std::string& id) {
    const runtime::Node* node = snapshot_.find(id);
    if (node == nullptr)
      failures_.push_back(fmt::format("the config has no component \"{}\"\n", lang::printable(id)));
    return node;
  }

  void judge(const TestExports& expected) {
    const runtime::Node* node = find(expected.component);
    if (node == nullptr) return;
    auto exports = node->state()->exports.as_map();
    if (exports == nullptr) {
      failures_.push_back(fmt::format("{} exports nothing: {}\n", node->id, node->state()->health.message));
      return;
    }
    expected.exports.as_map()->visit([&](std::string_view name, const lang::Value& wanted) {
      auto found = exports->find(name);
      if (!found) {
        failures_.push_back(fmt::format("{} has no export \"{}\"\n", node->id, lang::printable(name)));
      } else if (!(*found == wanted)) {
        failures_.push_back(difference(*node, name, wanted, *found));
      }
    });
  }

  std::string difference(const runtime::Node& node, std::string_view name, const lang::Value& wanted,
                         const lang::Value& found) const {
    std::string head = fmt::format("{}.{} is not what is expected\n", node.id, name);
    if (!is_list_of_objects(wanted) && !is_list_of_objects(found)) {
      return head + fmt::format("- {}\n+ {}\n", lang::describe(wanted), lang::describe(found));
    }
    std::vector<lang::Value> missing = elements(wanted), extra = elements(found);
    remove_common(missing, extra);
    if (missing.empty() && extra.empty()) return head + "the targets are the same, in another order\n";
    for (const lang::Value& one : missing) {
      auto like = take_likest(one, extra);
      head += like ? changed(node, one, *like) : absent(one);
    }
    for (const lang::Value& one : extra) head += fmt::format("+ {}\n{}", text_of(one), way_to(node, one));
    return head;
  }

  std::string changed(const runtime::Node& node, const lang::Value& wanted, const lang::Value& found) const {
    std::string out = "a target has other labels\n";
    Labels before = labels_of(wanted), after = labels_of(found);
    for (const auto& [name, value] : before) {
      if (!after.contains(name) || after.at(name) != value) {
        out += fmt::format("- {} = \"{}\"\n", lang::printable(name), lang::printable(value));
      }
    }
    for (const auto& [name, value] : after) {
      if (!before.contains(name) || before.at(name) != value) {
        out += fmt::format("+ {} = \"{}\"\n", lang::printable(name), lang::printable(value));
      }
    }
    return out + way_to(node, found);
  }

  // Not there, and nothing like it: maybe what it was made of was dropped.
  std::string absent(const lang::Value& wanted) const {
    std::string out = fmt::format("- {}\n", text_of(wanted));
    Labels labels = labels_of(wanted);
    std::size_t most = 0;
    std::string way;
    for (const Explanation& one : ways_) {
      auto dropped = std::ranges::find_if(one.visits, &Visit::is_dropped);
      std::size_t like = likeness(labels, labels_of(one.target));
      if (dropped == one.visits.end() || like < most) continue;
      most = like;
      way = told(one);
    }
    return out + way;
  }

  // How a target that the component exports came to be.
  std::string way_to(const runtime::Node& node, const lang::Value& target) const {
    for (const Explanation& one : ways_) {
      for (const Visit& visit : one.visits) {
        bool is_it = visit.node == &node && !visit.steps.empty() && visit.steps.back().target == target;
        if (is_it) return told(one);
      }
    }
    return "";
  }

  void judge(const TestTarget& wanted) {
    bool is_found = false;
    for (const Explanation& one : ways_) {
      Labels labels = labels_of(one.target);
      if (likeness(wanted.labels, labels) != wanted.labels.size()) continue;
      is_found = true;
      if (std::string problem = problem_of(wanted, one); !problem.empty()) {
        failures_.push_back(problem + told(one));
      }
    }
    if (!is_found) {
      failures_.push_back(
          fmt::format("no component has found a target with {}\n", text_of(as_value(wanted.labels))));
    }
  }

  static lang::Value as_value(const Labels& labels) {
    lang::Value::Fields fields;
    for (const auto& [name, value] : labels) fields.emplace_back(name, lang::Value(value));
    return lang::Value::object(std::move(fields));
  }

  // "" when it is as wanted.
  static std::string problem_of(const TestTarget& wanted, const Explanation& way) {
    return wanted.dropped_by.empty() ? problem_of_kept(wanted, way) : problem_of_dropped(wanted, way);
  }

  static std::string problem_of_dropped(const TestTarget& wanted, const Explanation& way) {
    for (const Visit& visit : way.visits) {
      if (visit.node->id != wanted.dropped_by || !visit.is_dropped) continue;
      std::size_t rule = visit.steps.back().index;
      if (!wanted.rule || *wanted.rule == rule) return "";
      return fmt::format("rule {} of {} drops it, not rule {}\n", rule, wanted.dropped_by, *wanted.rule);
    }
    return fmt::format("{} does not drop {}\n", wanted.dropped_by, text_of(way.target));
  }

  static std::string problem_of_kept(const TestTarget& wanted, const Explanation& way) {
    const Visit* last = nullptr;
    for (const Visit& visit : way.visits) {
      if (wanted.at.empty() ? visit.is_used : visit.node->id == wanted.at) last = &visit;
    }
    if (last == nullptr && !wanted.at.empty()) {
      return fmt::format("{} does not come to {}\n", text_of(way.target), wanted.at);
    }
    lang::Value end = last ? last->target : end_of(way);
    if (end.is_null()) return fmt::format("{} is dropped\n", text_of(way.target));
    Labels labels = labels_of(end);
    std::string out;
    for (const auto& [name, value] : wanted.becomes) {
      auto found = labels.find(name);
      std::string has = found == labels.end() ? "" : found->second;
      if (has == value) continue;
      out += fmt::format("- {0} = \"{1}\"\n+ {0} = \"{2}\"\n", lang::printable(name), lang::printable(value),
                         lang::printable(has));
    }
    return out.empty() ? "" : "a target has other labels\n" + out;
  }

  // What is left of a target that nobody uses; null: nothing.
  static lang::Value end_of(const Explanation& way) {
    if (way.visits.empty()) return way.target;
    const Visit& last = way.visits.back();
    if (last.is_dropped) return {};
    return last.steps.empty() ? last.target : last.steps.back().target;
  }

  static std::vector<Explanation> ways_of(const runtime::Snapshot& snapshot) {
    constexpr std::size_t kMost = 10'000;
    return runtime::explain_targets(snapshot, [](const lang::Map&) { return true; }, {.targets = kMost})
        .shown;
  }

  static std::string told(const Explanation& way) {
    return web::explanations_text({.shown = {way}, .found = 1});
  }

  const TestCase& test_;
  const runtime::Snapshot& snapshot_;
  const std::vector<Explanation> ways_;  // of all targets
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> failures_of(const TestCase& test, const runtime::Snapshot& snapshot) {
  return Judge(test, snapshot).failures();
}

}  // namespace weir::cli
