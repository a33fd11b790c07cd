// A relabel rule as it is written, and the rules of validation of two dialects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

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
  lang::Dialect dialect = lang::Dialect::river;  // of the config it stands in

  void use_dialect(lang::Dialect of_config) { dialect = of_config; }
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
void validate(const RuleArguments& rule, lang::Problems& problems);

}  // namespace weir::relabel
