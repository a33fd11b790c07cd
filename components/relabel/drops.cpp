#include "components/relabel/drops.h"

#include <utility>

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

std::shared_ptr<const runtime::View> Drops::view(const std::vector<RuleArguments>& rules) && {
  return runtime::list_view("dropped", "Dropped targets",
                            std::make_shared<const Rows>(std::move(kept_), rules));
}

}  // namespace weir::relabel
