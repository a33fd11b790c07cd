#include "web/left_out.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "runtime/explain.h"
#include "web/config_place.h"
#include "web/wanted_targets.h"

namespace weir::web {
namespace {

// The list is asked for again and again; what it takes longer to tell one can ask for by itself.
constexpr Duration kPatience = std::chrono::milliseconds(100);

std::string pid_in(const lang::Map& labels) {
  auto value = labels.find(kPidLabel);
  const std::string* text = value ? value->as_string() : nullptr;
  return text ? *text : "";
}

std::optional<std::string> why_of(const runtime::Explanation& way, ConfigPlaces& places) {
  auto dropped = std::ranges::find_if(way.visits, &runtime::Visit::is_dropped);
  if (dropped != way.visits.end()) {
    const auto& rule = dropped->steps.back();
    std::string place = to_string(places.of(*dropped->node, rule.block, rule.index));
    return fmt::format("{} drops it{}{}: {}", dropped->node->id, place.empty() ? "" : " at ", place,
                       rule.why);
  }
  if (way.is_cut || way.visits.empty()) return std::nullopt;
  return fmt::format("{} passes it on, and nobody uses it there.", way.visits.back().node->id);
}

}  // namespace

void tell_why_left_out(const runtime::Snapshot& snapshot, std::span<ProcessRow> rows) {
  std::map<std::string, ProcessRow*> wanted;  // by pid
  for (ProcessRow& row : rows) {
    if (row.fate == ProcessFate::left_out) wanted.emplace(std::to_string(row.pid), &row);
  }
  if (wanted.empty()) return;
  auto query = [&](const lang::Map& labels) { return wanted.contains(pid_in(labels)); };
  auto explanations =
      runtime::explain_targets(snapshot, query, {.targets = wanted.size(), .time = kPatience});
  ConfigPlaces places;
  for (const auto& way : explanations.shown) {
    auto why = why_of(way, places);
    auto row = wanted.find(pid_in(*way.target.as_map()));
    if (why && row != wanted.end()) row->second->why = *std::move(why);
  }
}

}  // namespace weir::web
