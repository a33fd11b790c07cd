// patch: an edit of a config that leaves its graph as it is, to the nodes that
// are others since. Pure. What is more than that asks for a plan of its own.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "runtime/config_edit.h"
#include "runtime/evaluation.h"
#include "runtime/plan.h"

namespace weir::runtime {

struct PlanPatch {
  std::vector<std::pair<NodeIndex, PlannedNode>> nodes;  // in place of those of the plan
  lang::Diagnostics warnings;                            // about them
};

// Nullopt: the edit changes more than what stands in some components' blocks, or there is an error in it.
std::optional<PlanPatch> patch_for(const Plan& plan, const ConfigEdit& edit, const ExportList& exports,
                                   const EnvLookup& env);

// Everything that points into the config's text: what it stands in since the edit.
void apply_patch(Plan& plan, const ConfigEdit& edit, PlanPatch patch);

}  // namespace weir::runtime
