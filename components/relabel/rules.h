// Rules: relabel rules, compiled: small programs over a target's labels, as
// Prometheus defines them. One target at a time, rule by rule: what the page
// and `weir explain` are told, and what program.h must agree with.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "components/discovery/target.h"
#include "components/relabel/expand.h"
#include "components/relabel/matcher.h"
#include "components/relabel/rule.h"

namespace weir::relabel {

enum class Action {
  replace,
  keep,
  drop,
  keep_equal,
  drop_equal,
  hash_modulo,
  lower_case,
  upper_case,
  label_map,
  label_drop,
  label_keep
};

class Labels;  // the labels of one target while rules run over them

struct Effect {
  bool is_kept = true;   // the target
  bool matched = false;  // the regex, or the two values that were to be equal
};

// Immutable; any thread.
class Rule {
 public:
  // It must have passed validate().
  explicit Rule(const RuleArguments& arguments);
  // Without what knows the usual regexes: all by RE2.
  static Rule plain(const RuleArguments& arguments);

  Effect apply(Labels& labels) const;

  const RuleArguments& arguments() const { return arguments_; }
  Action action() const { return action_; }
  const Matcher& matcher() const { return matcher_; }
  const Template& target_label() const { return target_label_; }
  const Template& replacement() const { return replacement_; }
  // What the name and the dialect do to a label that is to be written: its name; "": nothing is.
  bool is_legacy() const { return arguments_.dialect == lang::Dialect::river; }
  bool may_write(std::string_view name) const;
  // Of hashmod, lowercase and uppercase.
  std::string computed(std::string_view text) const;

 private:
  Rule(const RuleArguments& arguments, Matcher matcher);

  Effect replace(Labels& labels) const;
  Effect map_names(Labels& labels) const;
  Effect remove_names(Labels& labels) const;
  std::string joined(const Labels& labels) const;

  RuleArguments arguments_;
  Action action_;
  Matcher matcher_;
  Template target_label_, replacement_;
};

class Rules {
 public:
  static std::shared_ptr<const Rules> compile(const std::vector<RuleArguments>& rules);
  static std::shared_ptr<const Rules> compile_plain(const std::vector<RuleArguments>& rules);

  struct Outcome {
    discovery::TargetPtr target;  // the one that was given, when nothing changed; null: dropped …
    std::size_t dropped_by = 0;   // … by the rule of this index
  };
  Outcome run(const discovery::TargetPtr& target) const;

  // What one rule does to a target.
  struct Step {
    discovery::TargetPtr before, after;  // the same object: nothing changed; after is null: dropped
    bool matched = false;
  };
  // Rule by rule, up to that which drops the target, or until `each` returns false.
  void walk(const discovery::TargetPtr& target,
            const std::function<bool(const Rule&, const Step&)>& each) const;

  const std::vector<Rule>& list() const { return rules_; }

 private:
  std::vector<Rule> rules_;
};

}  // namespace weir::relabel
