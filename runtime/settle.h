// settle: texts to a plan that can be run. A config may bring more of itself
// (imports, the items of a foreach): what can be had without waiting is taken in
// until nothing is new. What an import brought and is wrong is left out, with
// the reason, unless it stands in the config itself.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/evaluation.h"
#include "runtime/plan.h"

namespace weir::runtime {

class Settlement {
 public:
  enum class Purpose {
    load,      // imports are read anew
    update,    // what an import has brought is there already
    validate,  // every error counts, wherever its text is from
  };
  // What a config may use.
  struct Offer {
    const Registry& registry;
    Stability least_stability = Stability::experimental;
  };
  using ExportsFor = std::function<ExportList(const Plan&)>;

  Settlement(Offer offer, Purpose purpose, ExportsFor exports_for, const EnvLookup& env)
      : registry_(offer.registry),
        least_stability_(offer.least_stability),
        purpose_(purpose),
        exports_for_(std::move(exports_for)),
        env_(env) {}

  // What an import has brought; false when it is not another than before.
  bool take(PlanInputs& inputs, const PlannedNode& node, const lang::Value& texts);
  // Errors and warnings are appended; with errors the plan must not be run.
  PlanPtr settle(PlanInputs inputs, lang::Diagnostics& diagnostics);

 private:
  bool take_texts(PlanInputs& inputs, const Plan& plan, const ExportList& exports);
  bool take_items(PlanInputs& inputs, const Plan& plan, const ExportList& exports);
  bool drop_outdated(PlanInputs& inputs, const Plan& plan) const;
  bool refuse_blamed(PlanInputs& inputs, const lang::Diagnostics& found);
  void check_templates(PlanInputs inputs, PlanPtr plan, lang::Diagnostics& found);

  PlanPtr plan_of(PlanInputs inputs, lang::Diagnostics& found) const;

  const Registry& registry_;
  Stability least_stability_;
  Purpose purpose_;
  ExportsFor exports_for_;
  const EnvLookup& env_;
  std::map<std::string, ContentPtr> before_;
  std::set<std::string> looked_at_;
  lang::Diagnostics wrong_texts_;  // those of the config itself, or all when it is validated
};

// Whether the node has texts of a config from elsewhere.
bool brings_texts(const PlannedNode& node);
// What the items of a foreach are called, by its exports.
std::vector<std::string> item_names(const lang::Value& exports);
// The first error, and how many more there are.
std::string summary(const lang::Diagnostics& diagnostics);
// What the health of an import says whose newest text is not used.
std::string refusal(bool goes_on, std::string_view why);
// What several uses of one text say of it is said once.
void drop_repetitions(lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
