#include "tests/components/relabel_rows.h"

#include <boost/json.hpp>

#include "components/relabel/rule.h"

namespace weir::tests {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key, std::string_view otherwise) {
  auto* value = object.if_contains(key);
  return std::string(value ? std::string_view(value->as_string()) : otherwise);
}

relabel::RuleArguments rule_from(const json::object& object) {
  relabel::RuleArguments rule;
  if (auto* names = object.if_contains("source_labels")) {
    rule.source_labels.written = true;
    for (const auto& name : names->as_array()) rule.source_labels.names.emplace_back(name.as_string());
  }
  rule.separator = text_of(object, "separator", rule.separator);
  rule.regex = text_of(object, "regex", rule.regex);
  rule.target_label = text_of(object, "target_label", rule.target_label);
  rule.replacement = text_of(object, "replacement", rule.replacement);
  rule.action = text_of(object, "action", rule.action);
  if (auto* modulus = object.if_contains("modulus")) rule.modulus = modulus->to_number<std::uint64_t>();
  return rule;
}

json::object answer(const json::object& labels, const json::array& rules, std::string_view dialect_name) {
  auto dialect = dialect_name == "alloy" ? lang::Dialect::alloy : lang::Dialect::river;
  std::vector<relabel::RuleArguments> arguments;
  lang::Problems problems;
  for (const auto& rule : rules) {
    arguments.push_back(rule_from(rule.as_object()));
    relabel::validate(arguments.back(), dialect, problems);
  }
  if (!problems.all().empty()) return {{"ok", false}};
  std::vector<discovery::Target::Label> pairs;
  for (const auto& [name, value] : labels) pairs.emplace_back(name, value.as_string());
  auto compiled = relabel::Rules::compile(arguments, dialect);
  auto outcome = compiled->run(discovery::Target::make(std::move(pairs)));
  if (!outcome.target) return {{"ok", true}, {"keep", false}};
  json::object left;
  for (const auto& [name, value] : outcome.target->labels()) left[name] = value;
  return {{"ok", true}, {"keep", true}, {"labels", std::move(left)}};
}

}  // namespace

std::string answer_relabel_case(std::string_view line) {
  auto value = json::parse(line);
  const json::object& row = value.as_object();
  json::object result = answer(row.at("labels").as_object(), row.at("rules").as_array(),
                               std::string_view(row.at("d").as_string()));
  result["id"] = row.at("id");
  return json::serialize(result);
}

std::string check_relabel_case(std::string_view line) {
  auto value = json::parse(line);
  const json::object& row = value.as_object();
  const json::object& in = row.at("in").as_object();
  json::object result = answer(in.at("labels").as_object(), in.at("rules").as_array(),
                               std::string_view(row.at("d").as_string()));
  if (result == row.at("want").as_object()) return "";
  return json::serialize(result);
}

}  // namespace weir::tests
