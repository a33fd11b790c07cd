// Drops: targets that rules dropped in the last run, for the page: the first
// ones, each with the rule that did it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "components/discovery/target.h"
#include "components/relabel/rule.h"
#include "runtime/view.h"

namespace weir::relabel {

class Drops {
 public:
  // So many are kept; all are counted elsewhere.
  static constexpr std::size_t kMost = 1000;

  explicit Drops(std::size_t rules) : counts_(rules), first_(rules) {}

  void add(const discovery::TargetPtr& target, std::uint32_t rule) {
    if (counts_[rule]++ == 0) first_[rule] = target;
    if (kept_.size() < kMost) kept_.push_back({target, rule});
  }
  std::uint64_t count(std::size_t rule) const { return counts_[rule]; }
  // {a="b"}, the first that the rule dropped; it must have dropped one.
  std::string example(std::size_t rule) const;
  // "3 of 5 targets are left, 2 dropped by rule 0 (keep)", of so many that came in.
  std::string flow_text(std::uint64_t came, const std::vector<RuleArguments>& rules) const;
  // "dropped": one row a target, {rule, action, source_labels, regex, target}.
  std::shared_ptr<const runtime::View> view(const std::vector<RuleArguments>& rules) &&;

 private:
  struct Drop {
    discovery::TargetPtr target;
    std::uint32_t rule;
  };
  class Rows;

  std::vector<std::uint64_t> counts_;        // by rule
  std::vector<discovery::TargetPtr> first_;  // by rule
  std::vector<Drop> kept_;
};

}  // namespace weir::relabel
