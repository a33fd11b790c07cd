#include "runtime/plan.h"

#include <utility>

#include "lang/parser.h"
#include "runtime/expansion.h"
#include "runtime/plan_messages.h"
#include "runtime/resolution.h"

namespace weir::runtime {

const NodeIndex* Plan::find(ScopeIndex scope, const std::string& local_id) const {
  for (const PlannedScope* one = &scopes[scope];; one = &scopes[*one->outer]) {
    const NodeIndex* found = one->prefix.empty() ? find(local_id) : find(one->prefix + local_id);
    if (found != nullptr || !one->outer) return found;
  }
}

PlanPtr make_plan(PlanInputs inputs, const Registry& registry, lang::Diagnostics& diagnostics) {
  auto plan = std::make_shared<Plan>();
  plan->inputs = std::move(inputs);
  PlanMessages messages(diagnostics);
  Expansion(*plan, registry, messages).run();
  resolve_names(*plan, messages);
  return plan;
}

std::vector<FilePtr> parse_all(const std::vector<lang::SourcePtr>& sources, lang::Diagnostics& diagnostics) {
  std::vector<FilePtr> files;
  for (const lang::SourcePtr& source : sources) {
    auto file = lang::parse(source);
    if (file) {
      files.push_back(std::make_shared<const lang::File>(*std::move(file)));
    } else {
      diagnostics.insert(diagnostics.end(), file.error().begin(), file.error().end());
    }
  }
  return files;
}

}  // namespace weir::runtime
