#include "components/relabel/absent_label.h"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

namespace weir::relabel {
namespace {

constexpr std::string_view kAbsent = "__meta_kubernetes_node_name";
constexpr std::string_view kInstead = "__meta_kubernetes_pod_node_name";

bool reads_it(const RuleArguments& rule) {
  return std::ranges::find(rule.source_labels.names, kAbsent) != rule.source_labels.names.end();
}

}  // namespace

std::string absent_label_advice(const std::vector<RuleArguments>& rules, const discovery::Targets& targets) {
  auto rule = std::ranges::find_if(rules, reads_it);
  if (rule == rules.end()) return "";
  bool has_other = false;
  for (const auto& target : targets) {
    if (!target->get(kAbsent).empty()) return "";
    has_other = has_other || !target->get(kInstead).empty();
  }
  if (!has_other) return "";
  return fmt::format(
      "rule {} reads {}, which never occurs here: in discovery.kubernetes only attach_metadata {{ node = "
      "true }} "
      "brings it to pods; {} names their node without",
      rule - rules.begin(), kAbsent, kInstead);
}

}  // namespace weir::relabel
