// Relabel rules: small programs over a target's labels, as Prometheus defines
// them, with the rules of validation of two dialects.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "components/discovery/target.h"
#include "components/relabel/source_labels.h"
#include "lang/field.h"
#include "lang/source.h"

namespace weir::relabel {

inline constexpr std::string_view kActions =
    "replace|keep|drop|keepequal|dropequal|hashmod|lowercase|uppercase|labelmap|labeldrop|labelkeep";

// A `rule` block as it is written.
struct RuleArguments {
  SourceLabels source_labels;
  std::string separator = ";";
  std::string regex = "(.*)";
  std::uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  std::string action = "replace";

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("source_labels", &RuleArguments::source_labels,
                       "Labels whose values are joined and compared with the regex."),
        lang::optional("separator", &RuleArguments::separator, "Put between the joined values."),
        lang::optional("regex", &RuleArguments::regex,
                       "RE2 expression that the joined values must match from end to end; "
                       "an empty one matches only empty text."),
        lang::optional("modulus", &RuleArguments::modulus, "Divisor of the hash, for hashmod."),
        lang::optional("target_label", &RuleArguments::target_label, "Label that the rule writes."),
        lang::optional("replacement", &RuleArguments::replacement,
                       "What to write; $1 and ${name} stand for groups of the regex."),
        lang::optional("action", &RuleArguments::action, "What the rule does.").one_of(kActions),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const RuleArguments&) const = default;
};

// What is wrong with a rule, by the field's name; nothing is appended when it is fine.
void validate(const RuleArguments& rule, lang::Dialect dialect, lang::Problems& problems);

class Labels;  // the labels of one target while rules run over them

// Compiled rules. Immutable; any thread.
class Rules {
 public:
  // The rules must have passed validate().
  static std::shared_ptr<const Rules> compile(const std::vector<RuleArguments>& rules, lang::Dialect dialect);
  ~Rules();

  struct Outcome {
    discovery::TargetPtr target;  // the one that was given, when nothing changed; null: dropped …
    std::size_t dropped_by = 0;   // … by the rule of this index
  };
  Outcome run(const discovery::TargetPtr& target) const;

 private:
  class Rule;
  Rules();

  std::vector<std::unique_ptr<const Rule>> rules_;
};

}  // namespace weir::relabel
