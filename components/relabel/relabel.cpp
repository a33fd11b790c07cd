#include "components/relabel/relabel.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "base/prefetch.h"
#include "components/relabel/absent_label.h"
#include "components/relabel/alongside.h"
#include "components/relabel/drops.h"
#include "components/relabel/tracer.h"
#include "profile/labels.h"

namespace weir::relabel {
namespace {

constexpr std::uint32_t kDropped = 0x80000000;
constexpr std::uint32_t kNone = 0xffffffff;
// Bytes that are sent for at once, of a target or of rules: more would drive out what is needed first.
constexpr std::size_t kMostAhead = 768;

// Its labels had better be on their way before the rules ask for them.
void will_read(const discovery::TargetPtr& target) {
  prefetch(target.get(), kMostAhead);
}

}  // namespace

// A list of targets on its way through the rules.
class Relabel::Pass {
 public:
  Pass(const discovery::TargetList& targets, std::size_t rules, const Memory& memory, Program& program)
      : drops(rules), memory_(memory), program_(program), before_(*memory.targets.list) {
    left.reserve(targets.chunks().size());
    chunks.reserve(targets.chunks().size());
    outcomes.reserve(targets.size());
    for (const auto& chunk : targets.chunks()) {
      auto known = before_.find(chunk);
      known ? take_again(*known) : take(chunk->targets());
    }
  }

  std::vector<discovery::TargetChunkPtr> left;
  std::vector<std::uint32_t> chunks, outcomes;  // see Memory
  Drops drops;

 private:
  std::span<const std::uint32_t> outcomes_of(std::size_t chunk) const {
    const auto& list = *memory_.targets.list;
    std::size_t begin = list.start_of(chunk);
    return std::span(memory_.outcomes).subspan(begin, list.start_of(chunk + 1) - begin);
  }

  // Of a chunk of the last run; null when the rules dropped all of it.
  const discovery::TargetChunkPtr& left_of(std::size_t chunk) const {
    static const discovery::TargetChunkPtr kNothing;
    std::uint32_t place = memory_.chunks[chunk];
    return place == kNone ? kNothing : memory_.left.list->chunks()[place];
  }

  void add(const discovery::TargetChunkPtr& chunk) {
    chunks.push_back(chunk ? static_cast<std::uint32_t>(left.size()) : kNone);
    if (chunk) left.push_back(chunk);
  }

  // Nothing in it has changed.
  void take_again(std::size_t chunk) {
    auto known = outcomes_of(chunk);
    outcomes.insert(outcomes.end(), known.begin(), known.end());
    if (chunk + discovery::kAhead < memory_.chunks.size())
      discovery::will_count(left_of(chunk + discovery::kAhead));
    add(left_of(chunk));
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (known[i] < kDropped) continue;
      drops.add(memory_.targets.list->chunks()[chunk]->targets()[i], known[i] - kDropped);
    }
  }

  // What will be read of new targets, and counted of those that stay, had better be on its way.
  void get_ready(const std::vector<discovery::TargetPtr>& targets, std::size_t before) {
    const auto& known = memory_.targets.list->chunks()[before]->targets();
    for (std::size_t i = 0; i < std::min(targets.size(), known.size()); ++i) {
      if (targets[i] != known[i]) will_read(targets[i]);
    }
    if (const auto& chunk = left_of(before)) {
      for (const auto& target : chunk->targets()) discovery::will_count(target);
    }
  }

  void take(const std::vector<discovery::TargetPtr>& targets) {
    std::vector<discovery::TargetPtr> kept;
    kept.reserve(targets.size());
    discovery::TargetChunkPtr known;
    if (auto next = before_.next_chunk()) get_ready(targets, *next);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (auto place = before_.find(targets[i])) {
        if (!known) known = left_of(place->chunk);
        take_again(targets[i], *place, kept);
        continue;
      }
      if (i + 2 < targets.size()) will_read(targets[i + 2]);
      Rules::Outcome outcome = program_.run(targets[i]);
      if (outcome.target) {
        keep(std::move(outcome.target), kept);
      } else {
        drop(targets[i], static_cast<std::uint32_t>(outcome.dropped_by));
      }
    }
    if (kept.empty()) {
      add(nullptr);
    } else if (known && known->targets() == kept) {
      add(known);
    } else {
      add(std::make_shared<const discovery::TargetChunk>(std::move(kept)));
    }
  }

  void take_again(const discovery::TargetPtr& target, const Alongside::Place& place,
                  std::vector<discovery::TargetPtr>& kept) {
    std::uint32_t outcome = outcomes_of(place.chunk)[place.within];
    if (outcome < kDropped) {
      keep(left_of(place.chunk)->targets()[outcome], kept);
    } else {
      drop(target, outcome - kDropped);
    }
  }

  void keep(discovery::TargetPtr target, std::vector<discovery::TargetPtr>& kept) {
    outcomes.push_back(static_cast<std::uint32_t>(kept.size()));
    kept.push_back(std::move(target));
  }
  void drop(const discovery::TargetPtr& target, std::uint32_t rule) {
    outcomes.push_back(kDropped + rule);
    drops.add(target, rule);
  }

  const Memory& memory_;
  Program& program_;
  Alongside before_;
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

// Of thousands each has its own: sent for together, before one after the other is read.
void Relabel::get_ready(const Arguments& args) const {
  auto send_for = [](const std::vector<RuleArguments>& rules) {
    prefetch(rules.data(), std::min(rules.size() * sizeof(RuleArguments), kMostAhead));
  };
  send_for(args.rules);
  if (rule_set_) send_for(rule_set_->rules());
  prefetch(program_.get(), sizeof(Program));
  prefetch(memory_.targets.list.get(), 1);
  prefetch(memory_.left.list.get(), 1);
  prefetch(memory_.output.list.get(), 1);
}

Relabel::Exports Relabel::evaluate(const Arguments& args) {
  get_ready(args);
  use_rules(args.rules);
  program_->make_room();
  Pass pass(*args.targets.list, args.rules.size(), memory_, *program_);
  report(args, pass);
  advise(args);
  memory_.left = {discovery::TargetList::make(std::move(pass.left))};
  if (memory_.left != memory_.output) memory_.output = memory_.left;
  ctx_.offer(make_tracer(args.targets, rules_));
  memory_.targets = args.targets;
  memory_.chunks = std::move(pass.chunks);
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
  // Thousands may run for one change, and what most of them have to tell is what they told before.
  if (told_ != info) {
    ctx_.publish_debug_info(info);
    ctx_.set_health(runtime::HealthState::healthy, pass.drops.flow_text(info.targets, args.rules));
    told_ = info;
  }
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
