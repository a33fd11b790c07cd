#include "components/relabel/drops.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "components/wording.h"
#include "profile/labels.h"

namespace weir::relabel {

class Drops::Rows final : public lang::List {
 public:
  Rows(std::vector<Drop> drops, std::vector<RuleArguments> rules)
      : drops_(std::move(drops)), rules_(std::move(rules)) {}

  std::size_t size() const override { return drops_.size(); }
  lang::Value at(std::size_t index) const override {
    const Drop& drop = drops_[index];
    const RuleArguments& rule = rules_[drop.rule];
    std::vector<lang::Value> sources(rule.source_labels.names.begin(), rule.source_labels.names.end());
    return lang::Value::ordered_object({
        {"rule", std::int64_t{drop.rule}},
        {"action", rule.action},
        {"source_labels", lang::Value::array(std::move(sources))},
        {"regex", rule.regex},
        {"target", std::shared_ptr<const lang::Map>(drop.target)},
    });
  }

 private:
  std::vector<Drop> drops_;
  std::vector<RuleArguments> rules_;
};

std::string Drops::example(std::size_t rule) const {
  std::vector<profile::Labels::Pair> pairs;
  for (const auto& [name, value] : first_[rule]->labels()) pairs.emplace_back(name, value);
  return profile::Labels(std::move(pairs)).to_string();
}

std::string Drops::flow_text(std::uint64_t came, const std::vector<RuleArguments>& rules) const {
  if (came == 0) return std::string(kNoTargetsCame);
  std::uint64_t dropped = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  std::string left = fmt::format("{} of {} targets are left", came - dropped, came);
  if (dropped == 0) return left;
  auto most = std::ranges::max_element(counts_);
  std::size_t rule = static_cast<std::size_t>(most - counts_.begin());
  return fmt::format("{}, {} dropped{} by rule {} ({})", left, dropped, *most == dropped ? "" : ", most",
                     rule, rules[rule].action);
}

std::shared_ptr<const runtime::View> Drops::view(const std::vector<RuleArguments>& rules) && {
  return runtime::list_view("dropped", "Dropped targets",
                            std::make_shared<const Rows>(std::move(kept_), rules));
}

}  // namespace weir::relabel
