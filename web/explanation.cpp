#include "web/explanation.h"

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "lang/text.h"
#include "web/config_place.h"

namespace weir::web {
namespace {

// Rules behind the one that drops a target, and components behind it, that are told of.
constexpr std::size_t kMostUnreached = 20;

struct Change {
  std::string name, before, after;  // "": not there
};

std::vector<Change> changes(const lang::Value& before, const lang::Value& after) {
  TargetLabels old = labels_of(before), now = labels_of(after);
  std::vector<Change> found;
  for (const auto& [name, value] : old) {
    auto other = now.find(name);
    if (other == now.end() || other->second != value) {
      found.push_back({name, value, other == now.end() ? "" : other->second});
    }
  }
  for (const auto& [name, value] : now) {
    if (!old.contains(name)) found.push_back({name, "", value});
  }
  return found;
}

void write_labels(JsonWriter& json, const lang::Value& target) {
  json.begin_object();
  for (const auto& [name, value] : labels_of(target)) json.member(name, value);
  json.end_object();
}

void write_place(JsonWriter& json, const ConfigPlace& place) {
  json.key("place").begin_object().member("file", place.file).member("line", place.line).end_object();
}

std::string_view to_string(runtime::TraceStep::Effect effect) {
  switch (effect) {
    case runtime::TraceStep::Effect::nothing: return "nothing";
    case runtime::TraceStep::Effect::changed: return "changed";
    case runtime::TraceStep::Effect::dropped: return "dropped";
  }
  return "";
}

// Of one that dropped it: the blocks behind the one that did, and who would have got it.
void write_unreached(JsonWriter& json, const runtime::Visit& visit, ConfigPlaces& places) {
  json.key("unreached").begin_array();
  if (visit.is_dropped && !visit.steps.empty()) {
    const runtime::TraceStep& last = visit.steps.back();
    std::size_t count = std::min(places.count(*visit.node, last.block), last.index + 1 + kMostUnreached);
    for (std::size_t i = last.index + 1; i < count; ++i) {
      json.begin_object().member("block", last.block).member("index", i);
      write_place(json, places.of(*visit.node, last.block, i));
      json.end_object();
    }
  }
  json.end_array().key("unseenBy").begin_array();
  if (visit.is_dropped) {
    for (const auto& id : visit.node->referenced_by | std::views::take(kMostUnreached)) json.value(id);
  }
  json.end_array();
}

void write_visit(JsonWriter& json, const runtime::Visit& visit, ConfigPlaces& places) {
  json.begin_object().member("component", visit.node->id);
  write_place(json, places.of(*visit.node));
  json.member("dropped", visit.is_dropped).member("used", visit.is_used);
  json.key("in");
  write_labels(json, visit.target);
  json.key("steps").begin_array();
  lang::Value before = visit.target;
  for (const runtime::TraceStep& step : visit.steps) {
    json.begin_object().member("block", step.block).member("index", step.index);
    write_place(json, places.of(*visit.node, step.block, step.index));
    json.member("what", step.what).member("why", step.why).member("effect", to_string(step.effect));
    json.key("changes").begin_array();
    bool is_changed = step.effect == runtime::TraceStep::Effect::changed;
    for (const Change& change : is_changed ? changes(before, step.target) : std::vector<Change>()) {
      json.begin_object().member("label", change.name).member("before", change.before);
      json.member("after", change.after).end_object();
    }
    json.end_array().end_object();
    if (!step.target.is_null()) before = step.target;
  }
  json.end_array();
  write_unreached(json, visit, places);
  json.end_object();
}

// ---- text ----

void add_labels(std::string& out, const lang::Value& target) {
  for (const auto& [name, value] : labels_of(target)) {
    out += fmt::format("    {} = \"{}\"\n", lang::printable(name), lang::printable(value));
  }
}

std::string change_text(const Change& change) {
  std::string name = lang::printable(change.name);
  if (change.after.empty()) return fmt::format("- {} (was \"{}\")", name, lang::printable(change.before));
  std::string line = fmt::format("+ {} = \"{}\"", name, lang::printable(change.after));
  if (!change.before.empty()) line += fmt::format(" (was \"{}\")", lang::printable(change.before));
  return line;
}

void add_step(std::string& out, const runtime::TraceStep& step, const lang::Value& before,
              const ConfigPlace& place) {
  out += fmt::format("  {} {} {}: {}", to_string(place), step.block, step.what, lang::printable(step.why));
  using Effect = runtime::TraceStep::Effect;
  if (step.effect == Effect::nothing) out += "; nothing changes";
  if (step.effect == Effect::dropped) out += "; DROPPED";
  out += '\n';
  if (step.effect != Effect::changed) return;
  for (const Change& change : changes(before, step.target))
    out += fmt::format("      {}\n", change_text(change));
}

void add_visit(std::string& out, const runtime::Visit& visit, ConfigPlaces& places) {
  out += fmt::format("{} ({})", visit.node->id, to_string(places.of(*visit.node)));
  if (visit.is_used) {
    out += " uses it with the labels\n";
    return add_labels(out, visit.target);
  }
  out += visit.steps.empty() ? " passes it on as it is\n" : "\n";
  lang::Value before = visit.target;
  for (const runtime::TraceStep& step : visit.steps) {
    add_step(out, step, before, places.of(*visit.node, step.block, step.index));
    if (!step.target.is_null()) before = step.target;
  }
}

// How it ends, in a line.
std::string ending(const runtime::Explanation& way) {
  if (way.is_cut) return "What comes after is not told.\n";
  if (way.visits.empty()) return "No component takes it.\n";
  bool is_used = std::ranges::any_of(way.visits, &runtime::Visit::is_used);
  if (is_used) return "";
  auto dropped = std::ranges::find_if(way.visits, &runtime::Visit::is_dropped);
  if (dropped != way.visits.end()) return fmt::format("Nobody uses it: {} dropped it.\n", dropped->node->id);
  return "Nobody uses what is left of it.\n";
}

}  // namespace

TargetLabels labels_of(const lang::Value& target) {
  TargetLabels labels;
  auto map = target.as_map();
  if (map == nullptr) return labels;
  map->visit([&](std::string_view name, const lang::Value& value) {
    auto* text = value.as_string();
    labels.emplace(name, text ? *text : lang::describe(value));
  });
  return labels;
}

void write_explanations(JsonWriter& json, const runtime::Explanations& explanations) {
  ConfigPlaces places;
  json.begin_object().member("found", explanations.found).member("counted", explanations.is_found_known);
  json.member("cut", explanations.cut);
  json.key("targets").begin_array();
  for (const runtime::Explanation& way : explanations.shown) {
    json.begin_object().member("source", way.source->id).member("cut", way.is_cut);
    write_place(json, places.of(*way.source));
    json.key("labels");
    write_labels(json, way.target);
    json.key("visits").begin_array();
    for (const runtime::Visit& visit : way.visits) write_visit(json, visit, places);
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

std::string explanations_text(const runtime::Explanations& explanations) {
  ConfigPlaces places;
  std::string out;
  for (const runtime::Explanation& way : explanations.shown) {
    if (!out.empty()) out += "\n";
    out +=
        fmt::format("{} ({}) found it with the labels\n", way.source->id, to_string(places.of(*way.source)));
    add_labels(out, way.target);
    for (const runtime::Visit& visit : way.visits) add_visit(out, visit, places);
    out += ending(way);
  }
  std::string_view before = out.empty() ? "" : "\n";
  if (explanations.found > explanations.shown.size()) {
    out += fmt::format("{}{}{} targets match; the first {} are shown. More labels choose fewer.\n",
                       std::exchange(before, ""), explanations.is_found_known ? "" : "At least ",
                       explanations.found, explanations.shown.size());
  }
  if (!explanations.cut.empty()) out += fmt::format("{}{}\n", before, explanations.cut);
  return out;
}

}  // namespace weir::web
