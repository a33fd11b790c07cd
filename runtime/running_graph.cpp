#include "runtime/running_graph.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace weir::runtime {
namespace {

std::string text_of(const PlannedNode& node) {
  return std::string(node.source->text(node.block->span));
}

// The first error, and how many more there are.
std::string summary(const lang::Diagnostics& diagnostics) {
  std::string text;
  std::size_t errors = 0;
  for (const auto& diagnostic : diagnostics) {
    if (diagnostic.severity != lang::Severity::error) continue;
    if (errors++ == 0) text = lang::one_line_with_notes(diagnostic);
  }
  return errors > 1 ? fmt::format("{} (and {} more)", text, errors - 1) : text;
}

}  // namespace

RunningGraph::RunningGraph(PlanPtr plan, std::shared_ptr<HostServices> services)
    : plan_(std::move(plan)),
      services_(std::move(services)),
      evaluation_seconds_(services_->environment.metrics->histogram(
          "weir_component_evaluation_seconds",
          "Time to evaluate one component's arguments and hand them over.", default_latency_bounds())),
      members_(plan_->nodes.size()),
      exports_(plan_->nodes.size()),
      wave_(plan_->graph) {
  for (NodeIndex index = 0; index < members_.size(); ++index) make_node(index);
}

void RunningGraph::make_node(NodeIndex index) {
  const PlannedNode& planned = plan_->nodes[index];
  auto node = std::make_shared<Node>();
  node->id = planned.id;
  node->local_id = planned.id;
  node->label = planned.block->label;
  node->type = planned.type;
  node->source = planned.source;
  node->span = planned.block->span;
  for (NodeIndex needed : plan_->graph.needs(index)) node->references_to.push_back(plan_->nodes[needed].id);
  for (NodeIndex user : plan_->graph.needed_by(index)) node->referenced_by.push_back(plan_->nodes[user].id);
  members_[index].node = std::move(node);
}

std::vector<std::shared_ptr<const Node>> RunningGraph::nodes() const {
  std::vector<std::shared_ptr<const Node>> nodes;
  for (const Member& member : members_) nodes.push_back(member.node);
  return nodes;
}

// ---- from one config to the next ----

// An exited component is made anew: a reload is how one asks for that.
Host* RunningGraph::matching(RunningGraph& before, NodeIndex index) const {
  const PlannedNode& planned = plan_->nodes[index];
  const NodeIndex* old = before.plan_->find(planned.id);
  if (old == nullptr) return nullptr;
  Host* host = before.members_[*old].host.get();
  return host != nullptr && &host->type() == planned.type && !host->exited() ? host : nullptr;
}

ExportList RunningGraph::exports_for(const Plan& plan) const {
  ExportList exports(plan.nodes.size());
  for (NodeIndex index = 0; index < plan.nodes.size(); ++index) {
    const NodeIndex* mine = plan_->find(plan.nodes[index].id);
    if (mine == nullptr || plan_->nodes[*mine].type != plan.nodes[index].type) continue;
    exports[index] = exports_[*mine];
  }
  return exports;
}

void RunningGraph::take_member(RunningGraph& before, NodeIndex old_index, NodeIndex index) {
  Member& old = before.members_[old_index];
  Member& member = members_[index];
  member.is_taken_over = true;
  member.host = std::move(old.host);
  member.arguments = std::move(old.arguments);
  member.is_constructed = old.is_constructed;
  member.is_settled = old.is_settled;
  member.is_text_changed = text_of(before.plan_->nodes[old_index]) != text_of(plan_->nodes[index]);
  exports_[index] = std::move(before.exports_[old_index]);
}

std::vector<StopSequence::Entry> RunningGraph::take_over(RunningGraph& before, Counts& counts) {
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    Member& member = members_[index];
    if (matching(before, index) != nullptr) {
      take_member(before, *before.plan_->find(plan_->nodes[index].id), index);
    } else {
      member.host = Host::create(services_, *plan_->nodes[index].type, plan_->nodes[index].id);
      ++counts.added;
    }
    member.host->index = index;
    member.host->attach(member.node);
    wave_.mark(index);
  }
  std::vector<StopSequence::Entry> ending = before.hosts();
  counts.removed = ending.size();
  return ending;
}

std::vector<StopSequence::Entry> RunningGraph::hosts() const {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> place(members_.size(), kNone);
  std::vector<StopSequence::Entry> entries;
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    if (members_[index].host == nullptr) continue;
    place[index] = entries.size();
    entries.push_back({.host = members_[index].host, .needs = {}});
  }
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    if (place[index] == kNone) continue;
    for (NodeIndex needed : plan_->graph.needs(index)) {
      if (place[needed] != kNone) entries[place[index]].needs.push_back(place[needed]);
    }
  }
  return entries;
}

void RunningGraph::count_changes(Counts& counts) const {
  for (const Member& member : members_) {
    if (!member.is_taken_over) continue;
    // One that still waits is judged by its text.
    bool is_changed = member.has_new_arguments || (!member.is_settled && member.is_text_changed);
    ++(is_changed ? counts.changed : counts.unchanged);
  }
}

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
  auto exports = host.take_exports();
  if (exports && commit(host.index, *std::move(exports))) wave_.mark_dependants(host.index);
}

void RunningGraph::run_wave(const Begin& begin) {
  while (auto index = wave_.next()) {
    if (services_->is_ending) return;
    MonoTime start = system_clock().mono();
    if (evaluate(*index, begin)) wave_.mark_dependants(*index);
    evaluation_seconds_->observe(std::chrono::duration<double>(system_clock().mono() - start).count());
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
  Member& member = members_[index];
  if (const PlannedReference* missing = missing_export(plan_->nodes[index], exports_)) {
    member.is_settled = false;
    member.host->show_evaluation(HealthState::waiting, "waiting for " + missing->text);
    return false;
  }
  lang::Diagnostics diagnostics;
  ArgumentsPtr arguments = decode_arguments(*plan_, index, exports_, services_->environment.env, diagnostics);
  if (arguments == nullptr) {
    fail(index, summary(diagnostics));
    return false;
  }
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
  member.is_settled = true;
  member.host->show_evaluation(HealthState::healthy, "evaluated");
  auto exports = member.host->take_exports();
  return exports && commit(index, *std::move(exports));
}

bool RunningGraph::evaluate_transform(NodeIndex index) {
  Member& member = members_[index];
  auto exports = member.host->evaluate(member.arguments);
  if (!exports) {
    fail(index, std::move(exports).error());
    return false;
  }
  member.is_settled = true;
  member.host->show_evaluation(HealthState::healthy, "evaluated");
  return commit(index, *std::move(exports));
}

}  // namespace weir::runtime
