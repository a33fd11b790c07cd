// RuleSet: rules as a value of the language, so that other components can take them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "components/relabel/rule.h"
#include "lang/codec.h"
#include "lang/value.h"

namespace weir::relabel {

class RuleSet final : public lang::Capsule {
 public:
  explicit RuleSet(std::vector<RuleArguments> rules) : rules_(std::move(rules)) {}

  const std::vector<RuleArguments>& rules() const { return rules_; }
  std::string_view type_name() const override { return "RelabelRules"; }
  bool equals(const lang::Capsule& other) const override {
    auto* set = dynamic_cast<const RuleSet*>(&other);
    return set && set->rules_ == rules_;
  }

 private:
  std::vector<RuleArguments> rules_;
};

using RuleSetPtr = std::shared_ptr<const RuleSet>;

}  // namespace weir::relabel

template <>
struct weir::lang::Codec<weir::relabel::RuleSetPtr> {
  static std::string type() { return "capsule(RelabelRules)"; }
  static Converted<weir::relabel::RuleSetPtr> from_value(const Value& value) {
    if (value.is_null()) return weir::relabel::RuleSetPtr();
    auto set = std::dynamic_pointer_cast<const weir::relabel::RuleSet>(value.as_capsule());
    if (!set) return mismatch(type(), value);
    return set;
  }
  static Value to_value(const weir::relabel::RuleSetPtr& set) {
    if (!set) return {};
    return Value(std::shared_ptr<const Capsule>(set));
  }
};
