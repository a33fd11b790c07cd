#include "web/wanted_targets.h"

#include <boost/json.hpp>

#include <algorithm>
#include <string_view>

namespace weir::web {
namespace {

constexpr std::size_t kLongestLabels = 64 << 10;
// Less of an id may be many containers'.
constexpr std::size_t kShortestId = 12;

// A name, an id or its beginning; ids may have "docker://" before them, docker's names a slash.
bool is_container(std::string_view value, std::string_view wanted) {
  if (auto slash = value.rfind('/'); slash != std::string_view::npos) value.remove_prefix(slash + 1);
  return value == wanted || (wanted.size() >= kShortestId && value.starts_with(wanted));
}

bool has_container(const lang::Map& target, std::string_view wanted) {
  bool has = false;
  target.visit([&](std::string_view name, const lang::Value& value) {
    auto* text = value.as_string();
    has = has || (text && name.contains("container") && is_container(*text, wanted));
  });
  return has;
}

bool has_label(const lang::Map& target, std::string_view name, const std::string& value) {
  auto found = target.find(name);
  auto* text = found ? found->as_string() : nullptr;
  return text ? *text == value : value.empty();
}

}  // namespace

bool WantedTargets::match(const lang::Map& target) const {
  bool has_all =
      std::ranges::all_of(labels, [&](const auto& l) { return has_label(target, l.first, l.second); });
  if (!has_all || (pid.empty() && container.empty())) return has_all;
  return (!pid.empty() && has_label(target, kPidLabel, pid)) ||
         (!container.empty() && has_container(target, container));
}

Result<std::map<std::string, std::string>> parse_wanted_labels(const std::string& json) {
  std::map<std::string, std::string> labels;
  if (json.empty()) return labels;
  if (json.size() > kLongestLabels) return fail("parameter labels: longer than {} bytes", kLongestLabels);
  boost::system::error_code error;
  boost::json::value parsed = boost::json::parse(json, error);
  if (error || !parsed.is_object())
    return fail(R"(parameter labels: not a JSON object like {{"job": "web"}})");
  for (const auto& [name, value] : parsed.as_object()) {
    if (!value.is_string())
      return fail("parameter labels: the value of \"{}\" is not a string", std::string(name));
    labels.emplace(name, value.as_string());
  }
  return labels;
}

}  // namespace weir::web
