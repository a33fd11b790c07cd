#include "runtime/patch.h"

#include <algorithm>
#include <string>

#include "runtime/config_blocks.h"
#include "runtime/plan_messages.h"
#include "runtime/resolution.h"

namespace weir::runtime {
namespace {

const lang::Block* block_of(const lang::Statement& statement) {
  auto* block = std::get_if<const lang::Block*>(&statement);
  return block ? *block : nullptr;
}

// What brings texts is asked anew by each load; what that brings may be other nodes.
bool is_all_in_text(const Plan& plan) {
  return std::ranges::none_of(plan.nodes, [](const PlannedNode& node) {
    return node.kind == NodeKind::import || node.kind == NodeKind::foreach ||
           (node.kind == NodeKind::module && node.type != &module_type());
  });
}

std::optional<NodeIndex> component_of(const Plan& plan, const lang::Block& block) {
  std::string id(block.name);
  if (!block.label.empty()) (id += '.') += block.label;
  const NodeIndex* index = plan.find(id);
  if (index == nullptr || plan.nodes[*index].kind != NodeKind::component) return std::nullopt;
  return *index;
}

// False: the graph is another with it.
bool patch_node(const Plan& plan, const lang::Statement& old, const lang::Statement& now,
                const lang::SourcePtr& source, PlanPatch& patch, lang::Diagnostics& diagnostics) {
  const lang::Block* before = block_of(old);
  const lang::Block* block = block_of(now);
  if (before == nullptr || block == nullptr) return false;
  if (before->name != block->name || before->label != block->label) return false;
  auto index = component_of(plan, *before);
  if (!index || plan.nodes[*index].block != before) return false;
  PlannedNode node = plan.nodes[*index];
  node.block = block;
  node.source = source;
  node.dependent.clear();
  PlanMessages messages(diagnostics);
  if (resolve_names(plan, node, messages) != plan.graph.needs(*index)) return false;
  patch.nodes.emplace_back(*index, std::move(node));
  return true;
}

}  // namespace

std::optional<PlanPatch> patch_for(const Plan& plan, const ConfigEdit& edit, const ExportList& exports,
                                   const EnvLookup& env) {
  if (!edit.is_complete || !is_all_in_text(plan)) return std::nullopt;
  PlanPatch patch;
  for (const FileEdit& one : edit.edits) {
    auto added = one.added->body.statements;
    if (one.removed.size() != added.size()) return std::nullopt;
    for (std::size_t i = 0; i < added.size(); ++i) {
      if (!patch_node(plan, one.removed[i], added[i], one.added->source, patch, patch.warnings))
        return std::nullopt;
    }
  }
  for (const auto& [index, node] : patch.nodes) check_component(plan, node, exports, env, patch.warnings);
  if (lang::has_errors(patch.warnings)) return std::nullopt;
  return patch;
}

void apply_patch(Plan& plan, const ConfigEdit& edit, PlanPatch patch) {
  bool is_moved = std::ranges::any_of(edit.edits, [](const FileEdit& one) { return !one.moved.empty(); });
  if (is_moved) {
    for (PlannedNode& node : plan.nodes) {
      node.source = moved_source(edit, node.source, node.block->span.begin);
      PlannedValue& value = node.value;
      if (value.attribute) value.source = moved_source(edit, value.source, value.attribute->span.begin);
    }
    PlannedBlock& logging = plan.logging;
    if (logging.block) logging.source = moved_source(edit, logging.source, logging.block->span.begin);
  }
  for (auto& [index, node] : patch.nodes) plan.nodes[index] = std::move(node);
  plan.inputs.files = edit.files;
}

}  // namespace weir::runtime
