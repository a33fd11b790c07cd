#include "runtime/stability.h"

#include <fmt/core.h>

#include "runtime/plan_messages.h"

namespace weir::runtime {

void check_stability(const Plan& plan, Stability least, lang::Diagnostics& diagnostics) {
  if (least == Stability::experimental) return;
  PlanMessages messages(diagnostics);
  for (const PlannedNode& node : plan.nodes) {
    if (!node.type || node.type->stability <= least) continue;
    messages.error(node.source, node.block->name_span,
                   fmt::format("\"{0}\" is {1}, and only what is {2} may be used: start weir with "
                               "--stability.level={1} to use it",
                               node.block->name, to_string(node.type->stability), to_string(least)));
  }
}

}  // namespace weir::runtime
