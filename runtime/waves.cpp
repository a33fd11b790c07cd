// The part of RunningGraph that evaluates: waves, components, modules.
#include <utility>

#include <fmt/core.h>

#include "base/prefetch.h"
#include "base/seconds.h"
#include "runtime/config_blocks.h"
#include "runtime/running_graph.h"
#include "runtime/settle.h"

namespace weir::runtime {

// ---- waves ----

bool RunningGraph::commit(NodeIndex index, lang::Value exports) {
  if (!exports_[index].is_null() && exports_[index] == exports) return false;
  exports_[index] = exports;
  members_[index].host->show_exports(std::move(exports));
  return true;
}

void RunningGraph::take_exports(Host& host) {
  // What a component of an earlier config still says nobody hears.
  if (host.index >= members_.size() || members_[host.index].host.get() != &host) return;
  if (take_from_host(host.index)) wave_.mark_dependants(host.index);
}

// Texts are not for those who use it, but for the next plan.
bool RunningGraph::take_from_host(NodeIndex index) {
  auto exports = members_[index].host->take_exports();
  if (!exports) return false;
  if (!brings_texts(plan_->nodes[index])) return commit(index, *std::move(exports));
  news_.texts.insert_or_assign(plan_->nodes[index].id, *std::move(exports));
  return false;
}

// Among thousands of components each is far away in memory. What is evaluated after the next one is sent for,
// and what that leads to when it is the next.
void RunningGraph::get_ready(NodeIndex now, const std::array<std::optional<NodeIndex>, 2>& after) const {
  for (const PlannedAttribute& planned : plan_->nodes[now].dependent) {
    prefetch(planned.attribute, sizeof(lang::Attribute));
  }
  if (after[0] && members_[*after[0]].host) {
    const Member& member = members_[*after[0]];
    member.host->get_ready();
    prefetch(member.node.get(), sizeof(Node));
    const std::vector<PlannedAttribute>& dependent = plan_->nodes[*after[0]].dependent;
    prefetch(dependent.data(), dependent.size() * sizeof(PlannedAttribute));
  }
  if (after[1]) {
    const Member& member = members_[*after[1]];
    prefetch(&member, sizeof(Member));
    prefetch(member.host.get(), sizeof(Host));
    prefetch(member.arguments.get(), 1);
    prefetch(&plan_->nodes[*after[1]], sizeof(PlannedNode));
    prefetch(&exports_[*after[1]], sizeof(lang::Value));
  }
}

void RunningGraph::run_wave(const Begin& begin) {
  MonoTime start = system_clock().mono();
  while (auto index = wave_.next()) {
    if (services_->is_ending) return;
    get_ready(*index, wave_.likely_after(*index));
    if (evaluate(*index, begin)) wave_.mark_dependants(*index);
    MonoTime end = system_clock().mono();
    evaluation_seconds_->observe(in_seconds(end - start));
    start = end;
  }
}

void RunningGraph::fail(NodeIndex index, std::string why) {
  Member& member = members_[index];
  member.is_settled = false;
  std::string message = "evaluation failed: " + std::move(why);
  if (std::exchange(member.last_failure, message) != message) {
    member.host->log().warn("component evaluation failed", {{"err", message}});
  }
  member.host->show_evaluation(HealthState::unhealthy, std::move(message));
}

bool RunningGraph::evaluate(NodeIndex index, const Begin& begin) {
  const PlannedNode& node = plan_->nodes[index];
  if (node.is_value()) return evaluate_value_node(index);
  if (node.type == &module_type()) return evaluate_module(index, begin);
  Host::Together together(*members_[index].host);
  bool is_changed = evaluate_component(index, begin);
  if (node.kind == NodeKind::module) return evaluate_module(index, begin);
  return is_changed;
}

bool RunningGraph::evaluate_component(NodeIndex index, const Begin& begin) {
  Member& member = members_[index];
  if (const PlannedReference* missing = missing_export(plan_->nodes[index], exports_)) {
    member.is_settled = false;
    member.host->show_evaluation(HealthState::waiting, "waiting for " + missing->text);
    return false;
  }
  lang::Diagnostics diagnostics;
  const EnvLookup& env = services_->environment.env;
  const PlannedNode& node = plan_->nodes[index];
  ArgumentsPtr arguments = member.is_decoded
                               ? decode_dependent(*plan_, node, member.arguments, exports_, env, diagnostics)
                               : decode_arguments(*plan_, node, exports_, env, diagnostics);
  if (arguments == nullptr) {
    fail(index, summary(diagnostics));
    return false;
  }
  member.is_decoded = true;
  return use_arguments(index, std::move(arguments), begin);
}

bool RunningGraph::use_arguments(NodeIndex index, ArgumentsPtr arguments, const Begin& begin) {
  Member& member = members_[index];
  const ComponentType& type = member.host->type();
  bool is_same = member.arguments != nullptr && type.equal(member.arguments, arguments);
  if (!is_same) {
    member.arguments = arguments;
    member.has_new_arguments = true;
    member.host->show_arguments(arguments);
  }
  if (!member.is_constructed) {
    member.is_constructed = true;
    member.host->construct(arguments);
    begin(member.host);
  } else if (!is_same && !type.is_transform) {
    member.host->update(std::move(arguments));
  }
  if (type.is_transform && !(is_same && member.is_settled)) return evaluate_transform(index);
  show_settled(index);
  return take_from_host(index);
}

bool RunningGraph::evaluate_transform(NodeIndex index) {
  Member& member = members_[index];
  auto exports = member.host->evaluate(member.arguments);
  if (!exports) {
    fail(index, std::move(exports).error());
    return false;
  }
  show_settled(index);
  if (plan_->nodes[index].kind == NodeKind::foreach) look_at_items(index, *exports);
  return commit(index, *std::move(exports));
}

void RunningGraph::show_settled(NodeIndex index) {
  Member& member = members_[index];
  member.is_settled = true;
  bool is_fine = member.refused.empty();
  if (!is_fine && std::exchange(member.last_failure, member.refused) != member.refused) {
    member.host->log().warn("what it brings is not used", {{"err", member.refused}});
  }
  member.host->show_evaluation(is_fine ? HealthState::healthy : HealthState::unhealthy,
                               is_fine ? "evaluated" : member.refused);
}

// ---- modules ----

void RunningGraph::look_at_items(NodeIndex index, const lang::Value& exports) {
  const std::string& id = plan_->nodes[index].id;
  std::vector<std::string> names = item_names(exports);
  auto planned = plan_->inputs.items.find(id);
  if (planned == plan_->inputs.items.end() || planned->second.names != names)
    news_.items[id] = std::move(names);
}

void RunningGraph::refuse(const std::string& id, std::string why) {
  const NodeIndex* index = plan_->find(id);
  if (index == nullptr || members_[*index].host == nullptr || members_[*index].refused == why) return;
  members_[*index].refused = std::move(why);
  show_settled(*index);
}

// What it shows of itself may change without its value: whoever shows it has to look again.
bool RunningGraph::evaluate_value_node(NodeIndex index) {
  const PlannedNode& node = plan_->nodes[index];
  Health problem{.state = HealthState::healthy};
  lang::Value value;
  if (const PlannedReference* missing = missing_export(node, exports_)) {
    problem = {.state = HealthState::waiting, .message = "waiting for " + missing->text};
  } else if (auto now = evaluate_value(*plan_, index, exports_, services_->environment.env)) {
    value = *std::move(now);
  } else {
    problem = {.state = HealthState::unhealthy,
               .message = fmt::format("{} failed: {}", plan_->local_id(node), lang::one_line(now.error()))};
  }
  bool is_told = !(members_[index].problem == problem);
  members_[index].problem = std::move(problem);
  if (value.is_null() || exports_[index] == value) return is_told;
  exports_[index] = std::move(value);
  return true;
}

void RunningGraph::show_given(NodeIndex index) {
  const PlannedNode& module = plan_->nodes[index];
  Member& member = members_[index];
  lang::BodyValue body;
  lang::Value::Fields given;
  for (NodeIndex one : plan_->graph.needs(index)) {
    const PlannedNode& node = plan_->nodes[one];
    if (node.kind != NodeKind::argument || node.scope != module.inner || exports_[one].is_null()) continue;
    lang::Value value = exports_[one].as_map()->find("value").value_or(lang::Value());
    given.emplace_back(node.block->label, value);
    bool is_default = node.value.attribute == nullptr || node.value.names == node.scope;
    body.statements.push_back(
        {.name = std::string(node.block->label), .value = std::move(value), .is_default = is_default});
  }
  lang::Value all = lang::Value::object(std::move(given));
  if (member.arguments != nullptr && all == member.given) return;
  member.has_new_arguments = true;
  member.given = std::move(all);
  member.arguments = module_arguments(std::move(body));
  member.host->show_arguments(member.arguments);
}

bool RunningGraph::evaluate_module(NodeIndex index, const Begin& begin) {
  const PlannedNode& module = plan_->nodes[index];
  Member& member = members_[index];
  bool is_use = module.type == &module_type();
  if (is_use && !std::exchange(member.is_constructed, true)) {
    member.host->construct(nullptr);
    begin(member.host);
  }
  if (!module.inner) {
    if (is_use) member.host->show_evaluation(HealthState::waiting, "waiting for " + module.waits_for);
    return false;
  }
  if (is_use) show_given(index);
  Health problem{.state = HealthState::healthy};
  bool is_whole = true;
  for (NodeIndex one : plan_->graph.needs(index)) {
    const PlannedNode& node = plan_->nodes[one];
    if (!node.is_value() || node.scope != *module.inner) continue;
    if (node.kind == NodeKind::export_value && exports_[one].is_null()) is_whole = false;
    problem = least(problem, members_[one].problem);
  }
  if (problem.state != HealthState::healthy) {
    member.is_settled = false;
    member.host->show_evaluation(problem.state, problem.message);
  } else if (is_use) {
    show_settled(index);
  }
  return is_whole && commit(index, module_exports(*plan_, index, exports_));
}

}  // namespace weir::runtime
