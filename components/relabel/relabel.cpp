#include "components/relabel/relabel.h"

#include "components/relabel/absent_label.h"
#include "components/relabel/alongside.h"
#include "components/relabel/drops.h"
#include "components/relabel/tracer.h"
#include "profile/labels.h"

namespace weir::relabel {
namespace {

constexpr std::uint32_t kDropped = 0x80000000;

}  // namespace

// A list of targets on its way through the rules.
struct Relabel::Pass {
  explicit Pass(std::size_t rules) : drops(rules) {}

  void take(const discovery::TargetPtr& target, const Rules::Outcome& outcome) {
    if (outcome.target) {
      keep(outcome.target);
    } else {
      drop(target, static_cast<std::uint32_t>(outcome.dropped_by));
    }
  }
  void take_again(const discovery::TargetPtr& target, const Memory& memory, std::size_t place) {
    std::uint32_t outcome = memory.outcomes[place];
    if (outcome < kDropped) {
      const auto& known = memory.output.list->targets();
      if (outcome + discovery::kAhead < known.size())
        discovery::will_share(known[outcome + discovery::kAhead]);
      keep(known[outcome]);
    } else {
      drop(target, outcome - kDropped);
    }
  }

  std::vector<discovery::TargetPtr> output;
  std::vector<std::uint32_t> outcomes;
  Drops drops;

 private:
  void keep(const discovery::TargetPtr& target) {
    outcomes.push_back(static_cast<std::uint32_t>(output.size()));
    output.push_back(target);
  }
  void drop(const discovery::TargetPtr& target, std::uint32_t rule) {
    outcomes.push_back(kDropped + rule);
    drops.add(target, rule);
  }
};

Relabel::Relabel(runtime::Context& ctx, const Arguments&) : ctx_(ctx) {}

void Relabel::use_rules(const std::vector<RuleArguments>& rules) {
  if (program_ && rule_set_->rules() == rules) return;
  rule_set_ = std::make_shared<const RuleSet>(rules);
  rules_ = Rules::compile(rules);
  program_ = std::make_unique<Program>(rules_);
  memory_ = {};
  has_advised_ = false;
}

Relabel::Exports Relabel::evaluate(const Arguments& args) {
  use_rules(args.rules);
  program_->make_room();
  Pass pass(args.rules.size());
  pass.output.reserve(args.targets.size());
  pass.outcomes.reserve(args.targets.size());
  Alongside before(memory_.targets.list->targets());
  const auto& targets = args.targets.list->targets();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (auto place = before.find(targets[i])) {
      pass.take_again(targets[i], memory_, *place);
      continue;
    }
    if (i + 2 < targets.size()) discovery::will_read(targets[i + 2]);
    pass.take(targets[i], program_->run(targets[i]));
  }
  report(args, pass);
  advise(args);
  if (pass.output != memory_.output.list->targets()) {
    memory_.output = {discovery::TargetList::make(std::move(pass.output))};
  }
  ctx_.offer(make_tracer(args.targets, rules_));
  memory_.targets = args.targets;
  memory_.outcomes = std::move(pass.outcomes);
  return {.output = memory_.output, .rules = rule_set_};
}

void Relabel::report(const Arguments& args, Pass& pass) {
  DebugInfo info{.targets = args.targets.size()};
  for (std::size_t i = 0; i < args.rules.size(); ++i) {
    std::uint64_t count = pass.drops.count(i);
    if (count == 0) continue;
    info.dropped += count;
    info.drops.push_back({.rule = i,
                          .action = args.rules[i].action,
                          .regex = args.rules[i].regex,
                          .targets = count,
                          .example = pass.drops.example(i)});
  }
  ctx_.publish_debug_info(info);
  ctx_.set_health(
      runtime::HealthState::healthy,
      fmt::format("{} of {} targets kept", args.targets.size() - info.dropped, args.targets.size()));
  if (info.dropped == 0 && !has_shown_drops_) return;
  has_shown_drops_ = true;
  ctx_.offer_view(std::move(pass.drops).view(args.rules));
}

void Relabel::advise(const Arguments& args) {
  if (has_advised_) return;
  std::string advice = absent_label_advice(args.rules, args.targets);
  if (advice.empty()) return;
  has_advised_ = true;
  ctx_.log().warn(advice);
}

}  // namespace weir::relabel

template weir::runtime::ComponentType weir::runtime::component_type<weir::relabel::Relabel>();
