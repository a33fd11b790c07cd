#include "components/relabel/relabel.h"

#include "profile/labels.h"

namespace weir::relabel {

Relabel::Relabel(runtime::Context& ctx, const Arguments&) : ctx_(ctx) {}

Relabel::Exports Relabel::evaluate(const Arguments& args) {
  if (!rule_set_ || rule_set_->rules() != args.rules) {
    rule_set_ = std::make_shared<const RuleSet>(args.rules);
    rules_ = Rules::compile(args.rules, lang::Dialect::river);
    memory_.clear();
  }
  Memory memory;
  memory.reserve(args.targets.size());
  std::vector<discovery::TargetPtr> output;
  output.reserve(args.targets.size());
  std::vector<DropInfo> drops(args.rules.size());
  for (const auto& target : args.targets) {
    auto known = memory_.find(target);
    auto outcome = known != memory_.end() ? known->second : rules_->run(target);
    if (outcome.target) {
      output.push_back(outcome.target);
    } else {
      DropInfo& drop = drops[outcome.dropped_by];
      if (++drop.targets == 1) drop.example = profile::Labels(target->labels()).to_string();
    }
    memory.emplace(target, std::move(outcome));
  }
  memory_ = std::move(memory);
  report(args, drops);
  return {.output = {discovery::TargetList::make(std::move(output))}, .rules = rule_set_};
}

void Relabel::report(const Arguments& args, const std::vector<DropInfo>& by_rule) {
  DebugInfo info{.targets = args.targets.size()};
  for (std::size_t i = 0; i < by_rule.size(); ++i) {
    if (by_rule[i].targets == 0) continue;
    DropInfo drop = by_rule[i];
    drop.rule = i;
    drop.action = args.rules[i].action;
    drop.regex = args.rules[i].regex;
    info.dropped += drop.targets;
    info.drops.push_back(std::move(drop));
  }
  ctx_.publish_debug_info(info);
  ctx_.set_health(
      runtime::HealthState::healthy,
      fmt::format("{} of {} targets kept", args.targets.size() - info.dropped, args.targets.size()));
}

}  // namespace weir::relabel

template weir::runtime::ComponentType weir::runtime::component_type<weir::relabel::Relabel>();
