#include "components/relabel/tracer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weir::relabel {
namespace {

// A value or a regex in a sentence.
constexpr std::size_t kLongest = 200;

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}{}\"", text.substr(0, kLongest), text.size() > kLongest ? "…" : "");
}

std::string joined(const RuleArguments& rule, const discovery::Target& target) {
  std::string value;
  const std::vector<std::string>& names = rule.source_labels.names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) value += rule.separator;
    value += target.get(names[i]);
  }
  return value;
}

// `__meta_x, __meta_y = "a;b"`; a rule without source labels works on empty text.
std::string source_text(const RuleArguments& rule, const discovery::Target& target) {
  std::string value = in_quotes(joined(rule, target));
  if (rule.source_labels.names.empty()) return value;
  return fmt::format("{} = {}", fmt::join(rule.source_labels.names, ", "), value);
}

std::string why(const Rule& rule, const Rules::Step& step) {
  const RuleArguments& arguments = rule.arguments();
  const discovery::Target& target = *step.before;
  switch (rule.action()) {
    case Action::replace:
    case Action::keep:
    case Action::drop:
      return fmt::format("{} {} {}", source_text(arguments, target),
                         step.matched ? "matches" : "does not match", in_quotes(arguments.regex));
    case Action::keep_equal:
    case Action::drop_equal:
      return fmt::format("{} {} {} = {}", source_text(arguments, target),
                         step.matched ? "equals" : "differs from", arguments.target_label,
                         in_quotes(target.get(arguments.target_label)));
    case Action::hash_modulo:
      return fmt::format("the hash of {}, modulo {}", source_text(arguments, target), arguments.modulus);
    case Action::lower_case:
    case Action::upper_case: return source_text(arguments, target);
    case Action::label_map:
    case Action::label_drop: return fmt::format("labels whose names match {}", in_quotes(arguments.regex));
    case Action::label_keep:
      return fmt::format("labels whose names do not match {}", in_quotes(arguments.regex));
  }
  return "";
}

lang::Value as_value(const discovery::TargetPtr& target) {
  return std::shared_ptr<const lang::Map>(target);
}

runtime::TraceStep told(const Rule& rule, const Rules::Step& step, std::size_t index) {
  using Effect = runtime::TraceStep::Effect;
  bool is_dropped = step.after == nullptr;
  bool is_same = step.after == step.before;
  return {.index = index,
          .what = rule.arguments().action,
          .why = why(rule, step),
          .effect = is_dropped ? Effect::dropped
                    : is_same  ? Effect::nothing
                               : Effect::changed,
          .target = is_dropped ? lang::Value() : as_value(step.after)};
}

class Tracer final : public runtime::TargetTracer {
 public:
  Tracer(discovery::Targets targets, std::shared_ptr<const Rules> rules)
      : targets_(std::move(targets)), rules_(std::move(rules)) {}

  bool trace(const lang::Value& target, const EachStep& each) const override {
    // Mostly it is one that came through the graph: their hashes, which each makes once, tell most apart.
    auto object = target.as_map();
    auto* known = dynamic_cast<const discovery::Target*>(object.get());
    auto wanted = std::ranges::find_if(targets_, [&](const discovery::TargetPtr& one) {
      return known ? one->hash() == known->hash() && *one == *known : as_value(one) == target;
    });
    if (wanted == targets_.end()) return false;
    rules_->walk(*wanted, [&, index = std::size_t{0}](const Rule& rule, const Rules::Step& step) mutable {
      return each(told(rule, step, index++));
    });
    return true;
  }

 private:
  discovery::Targets targets_;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace

std::shared_ptr<const runtime::TargetTracer> make_tracer(discovery::Targets targets,
                                                         std::shared_ptr<const Rules> rules) {
  return std::make_shared<const Tracer>(std::move(targets), std::move(rules));
}

}  // namespace weir::relabel
