#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "components/relabel/matcher.h"
#include "components/relabel/names.h"
#include "components/relabel/rule.h"

namespace weir::relabel {
namespace {

constexpr std::array<std::string_view, 6> kNeedsTarget = {"replace",   "hashmod",   "lowercase",
                                                          "uppercase", "keepequal", "dropequal"};

bool is_equality(const RuleArguments& rule) {
  return rule.action == "keepequal" || rule.action == "dropequal";
}

bool target_label_fits(const RuleArguments& rule) {
  if (rule.dialect == lang::Dialect::river) {
    return rule.action == "hashmod" ? is_legacy_name(rule.target_label) : is_name_template(rule.target_label);
  }
  if (rule.action == "replace" && rule.target_label.find('$') != std::string::npos) {
    return is_name_template(rule.target_label);
  }
  return is_utf8_name(rule.target_label);
}

void validate_target_label(const RuleArguments& rule, lang::Problems& problems) {
  if (std::ranges::find(kNeedsTarget, rule.action) == kNeedsTarget.end()) return;
  if (rule.target_label.empty()) {
    problems.add("target_label", fmt::format("action {} needs a target_label", rule.action));
  } else if (!target_label_fits(rule)) {
    problems.add("target_label",
                 fmt::format("\"{}\" is not a label name that {} can write", rule.target_label, rule.action));
  }
}

void validate_replacement(const RuleArguments& rule, lang::Problems& problems) {
  if (rule.action == "labelmap" && !is_name_template(rule.replacement)) {
    problems.add("replacement", fmt::format("\"{}\" is not a label name", rule.replacement));
  }
  bool fixed = rule.action == "lowercase" || rule.action == "uppercase" || is_equality(rule);
  if (fixed && rule.replacement != "$1") {
    problems.add("replacement", fmt::format("action {} takes no replacement", rule.action));
  }
}

// What an action does not use must be left at its default.
void validate_unused(const RuleArguments& rule, lang::Problems& problems) {
  const RuleArguments defaults;
  auto refuse = [&](std::string_view field, bool changed) {
    if (changed) problems.add(std::string(field), fmt::format("action {} takes no {}", rule.action, field));
  };
  bool by_name = rule.action == "labeldrop" || rule.action == "labelkeep";
  if (!by_name && !is_equality(rule)) return;
  refuse("separator", rule.separator != defaults.separator);
  refuse("modulus", rule.modulus != 0);
  if (is_equality(rule)) {
    refuse("regex", rule.regex != defaults.regex);
    return;
  }
  refuse("source_labels", rule.source_labels.written);
  refuse("target_label", !rule.target_label.empty());
  refuse("replacement", rule.replacement != defaults.replacement);
}

}  // namespace

void validate(const RuleArguments& rule, lang::Problems& problems) {
  if (!fmt::format("|{}|", kActions).contains(fmt::format("|{}|", rule.action))) {
    problems.add("action", fmt::format("\"{}\" is not an action", rule.action));
    return;
  }
  if (auto regex = Matcher::compile(rule.regex, rule.dialect); !regex) {
    problems.add("regex",
                 fmt::format("\"{}\" is not a regular expression: {}", rule.regex, regex.error().message));
  }
  if (rule.action == "hashmod" && rule.modulus == 0) {
    problems.add("modulus", "action hashmod needs a modulus above 0");
  }
  validate_target_label(rule, problems);
  validate_replacement(rule, problems);
  validate_unused(rule, problems);
}

void RuleArguments::check(lang::Problems& problems) const {
  validate(*this, problems);
}

}  // namespace weir::relabel
