// Why a target is profiled under these labels, or is not: its way through the graph.
#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "runtime/explain.h"
#include "web/api.h"
#include "web/explanation.h"

namespace weir::web {
namespace {

constexpr std::size_t kMostShown = 20;
constexpr std::size_t kLongestLabels = 64 << 10;
constexpr std::string_view kPidLabel = "__process_pid__";
// Less of an id may be many containers'.
constexpr std::size_t kShortestId = 12;

struct Wanted {
  std::map<std::string, std::string> labels;
  std::string pid, container;

  bool empty() const { return labels.empty() && pid.empty() && container.empty(); }
};

// A name, an id or its beginning; ids may have "docker://" before them, docker's names a slash.
bool is_container(std::string_view value, std::string_view wanted) {
  if (auto slash = value.rfind('/'); slash != std::string_view::npos) value.remove_prefix(slash + 1);
  return value == wanted || (wanted.size() >= kShortestId && value.starts_with(wanted));
}

bool has_container(const lang::Map& labels, std::string_view wanted) {
  bool has = false;
  labels.visit([&](std::string_view name, const lang::Value& value) {
    auto* text = value.as_string();
    has = has || (text && name.contains("container") && is_container(*text, wanted));
  });
  return has;
}

bool has_label(const lang::Map& labels, const std::string& name, const std::string& value) {
  auto found = labels.find(name);
  auto* text = found ? found->as_string() : nullptr;
  return text ? *text == value : value.empty();
}

// All the labels, and the process or its container.
bool matches(const Wanted& wanted, const lang::Map& labels) {
  bool has_all =
      std::ranges::all_of(wanted.labels, [&](const auto& l) { return has_label(labels, l.first, l.second); });
  if (!has_all || (wanted.pid.empty() && wanted.container.empty())) return has_all;
  return (!wanted.pid.empty() && has_label(labels, std::string(kPidLabel), wanted.pid)) ||
         (!wanted.container.empty() && has_container(labels, wanted.container));
}

Result<std::map<std::string, std::string>> parse_labels(const std::string& text) {
  std::map<std::string, std::string> labels;
  if (text.empty()) return labels;
  if (text.size() > kLongestLabels) return fail("parameter labels: longer than {} bytes", kLongestLabels);
  boost::system::error_code error;
  boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object())
    return fail(R"(parameter labels: not a JSON object like {{"job": "web"}})");
  for (const auto& [name, value] : parsed.as_object()) {
    if (!value.is_string())
      return fail("parameter labels: the value of \"{}\" is not a string", std::string(name));
    labels.emplace(name, value.as_string());
  }
  return labels;
}

net::Response explain(const std::shared_ptr<const runtime::Snapshot>& snapshot, const Wanted& wanted,
                      bool is_text) {
  auto query = [&](const lang::Map& labels) { return matches(wanted, labels); };
  auto explanations = runtime::explain_targets(*snapshot, query, kMostShown);
  if (is_text) return net::Response::text(200, explanations_text(explanations));
  JsonWriter json;
  write_explanations(json, explanations);
  return json_response(std::move(json));
}

}  // namespace

void answer_explain(Site& site, const Call& call) {
  auto labels = parse_labels(call.request.query("labels"));
  if (!labels) {
    call.reply(json_error(400, labels.error().message));
    return;
  }
  Wanted wanted{.labels = *std::move(labels),
                .pid = call.request.query("pid"),
                .container = call.request.query("container")};
  if (wanted.empty()) {
    call.reply(json_error(400, "say which targets: pid=N, container=ID or labels={\"name\": \"value\"}"));
    return;
  }
  bool is_text = call.request.query("format") == "text";
  site.offload(call.reply,
               [snapshot = site.snapshot(), wanted, is_text] { return explain(snapshot, wanted, is_text); });
}

}  // namespace weir::web
