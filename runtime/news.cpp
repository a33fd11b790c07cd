// The part of the controller that changes the graph while the config stays the
// same: an import has brought another text, a foreach has other items. Each is
// a transaction like a reload; what it is made of is parsed already.
#include <utility>

#include <fmt/format.h>

#include "runtime/controller_core.h"
#include "runtime/secret_names.h"

namespace weir::runtime {

// A new plan may ask for another at once: a foreach in a foreach, an import in what is imported.
void ControllerCore::take_news() {
  for (int round = 0; round < kMaxModuleDepth; ++round) {
    RunningGraph::News news = graph_->take_news();
    if ((news.texts.empty() && news.items.empty()) || services_->is_ending) return;
    for (const auto& [id, texts] : news.texts) take_text(id, texts);
    if (!news.items.empty()) take_items(news.items);
  }
}

void ControllerCore::take_text(const std::string& id, const lang::Value& texts) {
  const NodeIndex* index = graph_->plan().find(id);
  if (index == nullptr || !brings_texts(graph_->plan().nodes[*index])) return;
  PlanInputs inputs = graph_->plan().inputs;
  Settlement settlement = this->settlement(Settlement::Purpose::update);
  auto before = inputs.contents.find(id);
  bool goes_on = before != inputs.contents.end() && before->second->is_there;
  if (!settlement.take(inputs, graph_->plan().nodes[*index], texts)) {
    return graph_->refuse(id, inputs.contents.at(id)->refused);
  }
  std::string why_not;
  if (change_plan(std::move(inputs), settlement, id, why_not)) return;
  graph_->refuse(id, refusal(goes_on, why_not));
}

void ControllerCore::take_items(const std::map<std::string, std::vector<std::string>>& items) {
  PlanInputs inputs = graph_->plan().inputs;
  std::string cause;
  for (const auto& [id, names] : items) {
    const NodeIndex* index = graph_->plan().find(id);
    if (index == nullptr || graph_->plan().nodes[*index].kind != NodeKind::foreach) continue;
    inputs.items[id].names = names;
    cause += (cause.empty() ? "" : ", ") + id;
  }
  if (cause.empty()) return;
  Settlement settlement = this->settlement(Settlement::Purpose::update);
  std::string why_not;
  if (change_plan(std::move(inputs), settlement, cause, why_not)) return;
  for (const auto& [id, names] : items) graph_->refuse(id, refusal(true, why_not));
}

bool ControllerCore::change_plan(PlanInputs inputs, Settlement& settlement, const std::string& cause,
                                 std::string& why_not) {
  lang::Diagnostics diagnostics;
  PlanPtr plan = settlement.settle(std::move(inputs), diagnostics);
  place_in_files(diagnostics, plan->inputs.files, sources_);
  if (lang::has_errors(diagnostics)) {
    hide_secrets(diagnostics, *services_->environment.registry);
    why_not = summary(diagnostics);
    return false;
  }
  RunningGraph::Counts counts = replace_graph(std::move(plan));
  Logger(*services_->environment.log, "")
      .info("modules changed", {{"cause", cause},
                                {"added", fmt::to_string(counts.added)},
                                {"removed", fmt::to_string(counts.removed)},
                                {"changed", fmt::to_string(counts.changed)}});
  publish();
  return true;
}

}  // namespace weir::runtime
