#include "runtime/running_graph.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "runtime/config_blocks.h"
#include "runtime/metric_table.h"
#include "runtime/settle.h"

namespace weir::runtime {
namespace {

std::string text_of(const PlannedNode& node) {
  return std::string(node.source->text(node.block->span));
}

}  // namespace

RunningGraph::RunningGraph(PlanPtr plan, std::shared_ptr<HostServices> services)
    : plan_(std::move(plan)),
      services_(std::move(services)),
      evaluation_seconds_(services_->environment.metrics->histogram(
          metric::kEvaluation.name, metric::kEvaluation.help, default_latency_bounds())),
      members_(plan_->nodes.size()),
      exports_(plan_->nodes.size()),
      wave_(plan_->graph) {
  for (NodeIndex index = 0; index < members_.size(); ++index) make_node(index);
  link_nodes();
  for (const auto& [id, content] : plan_->inputs.contents) {
    if (const NodeIndex* index = plan_->find(id)) members_[*index].refused = content->refused;
  }
}

void RunningGraph::make_node(NodeIndex index) {
  const PlannedNode& planned = plan_->nodes[index];
  if (planned.is_value()) return;
  auto node = std::make_shared<Node>();
  node->id = planned.id;
  node->name = planned.block->name;
  node->module_id = plan_->scopes[planned.scope].path;
  node->local_id = plan_->local_id(planned);
  node->label = planned.block->label;
  node->type = planned.type;
  node->set_place({planned.source, planned.block->span});
  members_[index].node = std::move(node);
}

// As people see it: a component in a module uses what is beside it there, the module what it is given.
std::vector<NodeIndex> RunningGraph::shown_needs(NodeIndex index) const {
  std::vector<NodeIndex> shown;
  const PlannedNode& node = plan_->nodes[index];
  for (NodeIndex needed : plan_->graph.needs(index)) {
    const PlannedNode& other = plan_->nodes[needed];
    if (!other.is_value()) {
      shown.push_back(needed);
    } else if (other.kind == NodeKind::export_value && node.inner != other.scope) {
      shown.push_back(*plan_->scopes[other.scope].owner);
    } else if (other.kind == NodeKind::argument && node.inner == other.scope) {
      for (NodeIndex given : shown_needs(needed)) shown.push_back(given);
    }
  }
  std::ranges::sort(shown);
  shown.erase(std::ranges::unique(shown).begin(), shown.end());
  return shown;
}

void RunningGraph::link_nodes() {
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    if (members_[index].node == nullptr) continue;
    for (NodeIndex needed : shown_needs(index)) {
      members_[index].node->references_to.push_back(plan_->nodes[needed].id);
      members_[needed].node->referenced_by.push_back(plan_->nodes[index].id);
    }
  }
  for (const PlannedScope& scope : plan_->scopes) {
    if (scope.owner) members_[*scope.owner].node->created_modules.push_back(scope.path);
  }
}

std::vector<std::shared_ptr<const Node>> RunningGraph::nodes() const {
  std::vector<std::shared_ptr<const Node>> nodes;
  for (const Member& member : members_) {
    if (member.node != nullptr) nodes.push_back(member.node);
  }
  return nodes;
}

// ---- from one config to the next ----

// An exited component is made anew: a reload is how one asks for that.
Host* RunningGraph::matching(RunningGraph& before, NodeIndex index) const {
  const PlannedNode& planned = plan_->nodes[index];
  const NodeIndex* old = before.plan_->find(planned.id);
  if (old == nullptr) return nullptr;
  Host* host = before.members_[*old].host.get();
  bool is_same = before.plan_->nodes[*old].kind == planned.kind;
  return is_same && host != nullptr && &host->type() == planned.type && !host->exited() ? host : nullptr;
}

ExportList RunningGraph::exports_for(const Plan& plan) const {
  ExportList exports(plan.nodes.size());
  for (NodeIndex index = 0; index < plan.nodes.size(); ++index) {
    const NodeIndex* mine = plan_->find(plan.nodes[index].id);
    if (mine == nullptr || plan_->nodes[*mine].type != plan.nodes[index].type) continue;
    if (plan_->nodes[*mine].kind != plan.nodes[index].kind) continue;
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
  member.given = std::move(old.given);
  member.is_text_changed = text_of(before.plan_->nodes[old_index]) != text_of(plan_->nodes[index]);
  exports_[index] = std::move(before.exports_[old_index]);
}

std::vector<StopSequence::Entry> RunningGraph::take_over(RunningGraph& before, Counts& counts) {
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    Member& member = members_[index];
    wave_.mark(index);
    if (plan_->nodes[index].is_value()) {
      take_value(before, index);
      continue;
    }
    if (matching(before, index) != nullptr) {
      take_member(before, *before.plan_->find(plan_->nodes[index].id), index);
    } else {
      member.host = Host::create(services_, *plan_->nodes[index].type, plan_->nodes[index].id);
      ++counts.added;
    }
    member.host->index = index;
    member.host->attach(member.node);
  }
  std::vector<StopSequence::Entry> ending = before.hosts();
  counts.removed = ending.size();
  return ending;
}

void RunningGraph::take_value(RunningGraph& before, NodeIndex index) {
  const NodeIndex* old = before.plan_->find(plan_->nodes[index].id);
  if (old == nullptr || before.plan_->nodes[*old].kind != plan_->nodes[index].kind) return;
  exports_[index] = std::move(before.exports_[*old]);
}

bool RunningGraph::may_go_on() const {
  return std::ranges::none_of(members_, [](const Member& one) { return one.host && one.host->exited(); });
}

void RunningGraph::patch(const ConfigEdit& edit, PlanPatch patch) {
  for (Member& member : members_) {
    member.is_taken_over = member.host != nullptr;
    member.is_text_changed = member.has_new_arguments = false;
  }
  for (const auto& [index, node] : patch.nodes) {
    members_[index].is_decoded = false;
    members_[index].is_text_changed = text_of(plan_->nodes[index]) != text_of(node);
    wave_.mark(index);
  }
  apply_patch(*plan_, edit, std::move(patch));
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    Member& member = members_[index];
    const PlannedNode& planned = plan_->nodes[index];
    if (member.node) member.node->set_place({planned.source, planned.block->span});
    // What failed is tried again, and says where that stands now.
    bool is_fine = member.host ? member.is_settled : member.problem.state == HealthState::healthy;
    if (is_fine) continue;
    member.last_failure.clear();
    wave_.mark(index);
  }
}

std::vector<StopSequence::Entry> RunningGraph::hosts() const {
  std::vector<std::size_t> place(members_.size());
  std::vector<StopSequence::Entry> entries;
  for (NodeIndex index = 0; index < members_.size(); ++index) {
    if (members_[index].host == nullptr) continue;
    place[index] = entries.size();
    entries.push_back({.host = members_[index].host, .needs = {}});
  }
  // A value is used on behalf of those behind it.
  std::unordered_map<NodeIndex, std::vector<std::size_t>> behind;
  for (NodeIndex index : plan_->graph.order()) {
    bool is_value = plan_->nodes[index].is_value();
    if (!is_value && members_[index].host == nullptr) continue;
    std::vector<std::size_t>& needs = is_value ? behind[index] : entries[place[index]].needs;
    for (NodeIndex needed : plan_->graph.needs(index)) {
      if (plan_->nodes[needed].is_value()) {
        needs.insert(needs.end(), behind[needed].begin(), behind[needed].end());
      } else if (members_[needed].host != nullptr) {
        needs.push_back(place[needed]);
      }
    }
    std::ranges::sort(needs);
    needs.erase(std::ranges::unique(needs).begin(), needs.end());
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

}  // namespace weir::runtime
