#include "tests/components/relabel_rows.h"

#include <algorithm>

#include "components/relabel/program.h"
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
    arguments.back().dialect = dialect;
    relabel::validate(arguments.back(), problems);
  }
  if (!problems.all().empty()) return {{"ok", false}};
  std::vector<discovery::Target::Label> pairs;
  for (const auto& [name, value] : labels) pairs.emplace_back(name, value.as_string());
  auto target = discovery::Target::make(std::move(pairs));
  relabel::Program program(relabel::Rules::compile(arguments));
  auto outcome = program.run(target);
  // By RE2 alone, rule by rule, it must be the same.
  auto plain = relabel::Rules::compile_plain(arguments)->run(target);
  bool is_same = !outcome.target == !plain.target && outcome.dropped_by == plain.dropped_by &&
                 (!plain.target || *outcome.target == *plain.target);
  if (!is_same) return {{"ok", "the program does something else than the rules"}};
  if (!outcome.target) return {{"ok", true}, {"keep", false}};
  json::object left;
  for (const auto& [name, value] : outcome.target->labels()) left[std::string(name)] = value;
  return {{"ok", true}, {"keep", true}, {"labels", std::move(left)}};
}

}  // namespace

boost::json::object answer_relabel_case(const boost::json::object& row) {
  return answer(row.at("labels").as_object(), row.at("rules").as_array(),
                std::string_view(row.at("d").as_string()));
}

std::string check_relabel_case(std::string_view line) {
  auto value = json::parse(line);
  const json::object& row = value.as_object();
  auto tags = row.at("tags").as_array();
  // What the peer does there depends on the order of a map of its.
  if (std::ranges::find(tags, json::value("peer-order")) != tags.end()) return "";
  json::object request = row.at("in").as_object();
  std::string_view about = row.at("d").as_string();
  for (std::string_view dialect : {"agent", "alloy"}) {
    if (about != "both" && about != dialect) continue;
    request["d"] = dialect;
    json::object result = answer_relabel_case(request);
    if (result != row.at("want").as_object()) return json::serialize(result);
  }
  return "";
}

}  // namespace weir::tests
