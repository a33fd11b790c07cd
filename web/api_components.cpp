#include <algorithm>

#include <fmt/core.h>

#include "lang/source.h"
#include "lang/text.h"
#include "runtime/health_history.h"
#include "web/api.h"
#include "web/hidden_fields.h"
#include "web/parameters.h"
#include "web/value_json.h"

namespace weir::web {
namespace {

// Other programs know no component that waits, and what reads theirs may not either.
enum class States : std::uint8_t { common, all };

States states_of(const Call& call) {
  return word_of(call.request, parameter::kStates) == "all" ? States::all : States::common;
}

void write_health(JsonWriter& json, const runtime::Health& health, States states) {
  using runtime::HealthState;
  bool is_told = states == States::all || health.state != HealthState::waiting;
  json.begin_object();
  json.member("state", runtime::to_string(is_told ? health.state : HealthState::unknown));
  json.member("message", health.message);
  json.member("updatedTime", format_time(health.updated));
  json.member("since", unix_ms(health.since));
  json.end_object();
}

void write_strings(JsonWriter& json, const std::vector<std::string>& strings) {
  json.begin_array();
  for (const auto& text : strings) json.value(text);
  json.end_array();
}

// The fields the peer's list has, up to the bodies; ours are "id" and health's "since".
void write_head(JsonWriter& json, const runtime::Node& node, const runtime::NodeState& state, States states) {
  json.member("name", node.name);
  json.member("type", "block");
  json.member("id", node.id);
  json.member("localID", node.local_id);
  json.member("moduleID", node.module_id);
  json.member("label", node.label);
  json.key("referencesTo");
  write_strings(json, node.references_to);
  json.key("referencedBy");
  write_strings(json, node.referenced_by);
  json.key("health");
  write_health(json, state.health, states);
  json.member("original", "");
}

void write_empty(JsonWriter& json, std::string_view name) {
  json.key(name).begin_array().end_array();
}

void write_bodies(JsonWriter& json, const runtime::Node& node, const runtime::NodeState& state,
                  const HiddenFields& hidden, BodyStyle::Defaults defaults) {
  BodyStyle style{.defaults = defaults, .hides = hidden.arguments};
  style.schema = node.type ? node.type->arguments : nullptr;
  style.view_prefix = "arguments";
  json.key("arguments");
  write_body(json, node.arguments(), style);
  style.schema = node.type ? node.type->exports : nullptr;
  style.view_prefix = "exports";
  style.hides = hidden.exports;
  json.key("exports");
  write_exports(json, state.exports, style);
  // Debug info has no defaults worth leaving out: zero is an answer.
  style = {.defaults = BodyStyle::Defaults::marked};
  json.key("debugInfo");
  write_body(json, state.debug_info ? *state.debug_info : lang::BodyValue(), style);
}

// Oldest first; the last is the state of now.
void write_history(JsonWriter& json, const runtime::NodeState& state) {
  json.key("healthHistory").begin_array();
  for (const auto& [type, service] : state.services) {
    if (type != typeid(runtime::HealthHistory)) continue;
    for (const auto& health : std::static_pointer_cast<const runtime::HealthHistory>(service)->changes) {
      json.begin_object().member("state", runtime::to_string(health.state));
      json.member("message", health.message).member("since", unix_ms(health.since)).end_object();
    }
  }
  json.end_array();
}

void write_views(JsonWriter& json, const runtime::NodeState& state) {
  json.key("views").begin_array();
  for (const auto& view : state.views) {
    json.begin_object().member("name", view->name()).member("title", view->title());
    json.member("total", view->page({}, 0, 0).total).end_object();
  }
  json.end_array();
}

void write_log(JsonWriter& json, const std::vector<LogRecord>& records) {
  json.key("log").begin_array();
  for (const auto& record : records) {
    json.begin_object();
    json.member("time", unix_ms(record.time)).member("level", to_string(record.level));
    json.member("message", record.message).key("fields").begin_array();
    for (const auto& [name, value] : record.fields) {
      json.begin_object().member("key", name).member("value", value).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void write_place(JsonWriter& json, const runtime::Node& node) {
  auto place = node.place();
  if (!place.source) return;
  json.key("place").begin_object().member("file", place.source->name());
  json.member("line", place.source->position(place.span.begin).line).end_object();
}

struct DetailStyle {
  BodyStyle::Defaults defaults;
  States states;
};

void write_health_parts(JsonWriter& json, const runtime::NodeState& state, States states) {
  json.key("healthParts").begin_object();
  json.key("evaluation");
  write_health(json, state.evaluation_health, states);
  json.key("run");
  write_health(json, state.run_health, states);
  json.key("reported");
  write_health(json, state.reported_health, states);
  json.end_object();
}

void write_detail(JsonWriter& json, const Site& site, const runtime::Node& node, const HiddenFields& hidden,
                  DetailStyle style) {
  auto state = node.state();
  json.begin_object();
  write_head(json, node, *state, style.states);
  write_bodies(json, node, *state, hidden, style.defaults);
  json.key("createdModuleIDs");
  write_strings(json, node.created_modules);
  json.member("doc", node.type ? node.type->doc : std::string_view());
  json.member("stability", node.type ? runtime::to_string(node.type->stability) : std::string_view());
  json.member("evaluations", state->evaluations);
  write_health_parts(json, *state, style.states);
  write_history(json, *state);
  write_place(json, node);
  write_views(json, *state);
  if (site.options().log) write_log(json, site.options().log->recent(node.id));
  json.end_object();
}

std::shared_ptr<const lang::List> list_in(const lang::BodyValue& body, std::string_view name) {
  for (const auto& statement : body.statements) {
    if (statement.name == name && !statement.body) return statement.value.as_list();
  }
  return nullptr;
}

struct FoundView {
  std::shared_ptr<const runtime::View> view;  // null: there is none
  Hides hides = {};
};

// What the component offers, or one of its own arguments or exports: "exports.targets".
FoundView find_view(const runtime::Node& node, const HiddenFields& hidden, std::string_view name) {
  auto state = node.state();
  for (const auto& view : state->views) {
    if (view->name() == name) return {view};
  }
  std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  std::string_view where = name.substr(0, dot);
  std::string_view field = name.substr(dot + 1);
  const Hides& hides = where == "arguments" ? hidden.arguments : hidden.exports;
  if (hides && hides(field)) return {};
  std::shared_ptr<const lang::List> list;
  if (where == "arguments") list = list_in(node.arguments(), field);
  auto exports = state->exports.as_map();
  if (where == "exports" && exports) list = exports->find(field).value_or(lang::Value()).as_list();
  if (!list) return {};
  return {runtime::list_view(std::string(name), std::string(field), list), hides};
}

// Which of its rows.
struct Page {
  std::string filter;
  std::size_t offset, limit;
};

net::Response page_response(const runtime::Node& node, const HiddenFields& hidden, const std::string& name,
                            const Page& asked) {
  auto [view, hides] = find_view(node, hidden, name);
  if (!view) return json_error(404, fmt::format("component {} has no view \"{}\"", node.id, shown(name)));
  auto page = view->page(asked.filter, asked.offset, asked.limit);
  JsonWriter json;
  json.begin_object().member("name", view->name()).member("title", view->title());
  json.member("total", page.total).member("matching", page.matching);
  json.member("offset", asked.offset).member("limit", asked.limit).key("rows").begin_array();
  for (const auto& row : page.rows) write_value(json, row, kItemTextLimit, hides);
  json.end_array().end_object();
  return json_response(std::move(json));
}

using SnapshotPtr = std::shared_ptr<const runtime::Snapshot>;

// Calls what writes the answer: at once, or on the worker when that takes a while.
void answer_with(Site& site, const Call& call, const SnapshotPtr& snapshot, const runtime::Node& node,
                 bool takes_long, std::function<net::Response(const HiddenFields&)> write) {
  auto job = [snapshot, &node, registry = site.options().registry, write = std::move(write)] {
    return write(hidden_fields(node, *snapshot, registry));
  };
  if (takes_long || needs_texts(node))
    site.offload(call.reply, std::move(job));
  else
    call.reply(job());
}

// Without the bodies.
void write_listed(JsonWriter& json, const runtime::Node& node, States states) {
  json.begin_object();
  write_head(json, node, *node.state(), states);
  for (auto name : {"arguments", "exports", "debugInfo"}) write_empty(json, name);
  json.key("createdModuleIDs");
  write_strings(json, node.created_modules);
  json.end_object();
}

}  // namespace

void answer_components(Site& site, const Call& call) {
  bool in_modules = word_of(call.request, parameter::kModules) == "1";
  States states = states_of(call);
  JsonWriter json;
  json.begin_array();
  for (const auto& node : site.snapshot()->nodes) {
    if (in_modules || node->module_id.empty()) write_listed(json, *node, states);
  }
  json.end_array();
  call.reply(json_response(std::move(json)));
}

void answer_module(Site& site, const Call& call) {
  const std::string& module = call.path.id;
  States states = states_of(call);
  auto snapshot = site.snapshot();
  bool is_there = false;
  JsonWriter json;
  json.begin_array();
  for (const auto& node : snapshot->nodes) {
    is_there = is_there || std::ranges::find(node->created_modules, module) != node->created_modules.end();
    if (node->module_id == module) write_listed(json, *node, states);
  }
  json.end_array();
  call.reply(is_there ? json_response(std::move(json))
                      : json_error(404, fmt::format("no module has the id \"{}\"", shown(module))));
}

void answer_view(Site& site, const Call& call) {
  auto snapshot = site.snapshot();
  const auto* node = find_component(*snapshot, call);
  if (!node) return;
  Page page{
      .filter = text_of(call.request, parameter::kViewFilter),
      .offset = size_of(call.request, parameter::kOffset),
      .limit = size_of(call.request, parameter::kPageLimit),
  };
  // A filter reads every row.
  bool takes_long = !page.filter.empty();
  answer_with(site, call, snapshot, *node, takes_long,
              [node, name = call.path.name, page = std::move(page)](const HiddenFields& hidden) {
                return page_response(*node, hidden, name, page);
              });
}

void answer_component(Site& site, const Call& call) {
  auto snapshot = site.snapshot();
  const auto* node = find_component(*snapshot, call);
  if (!node) return;
  // Other programs leave defaults out; the page asks for them.
  bool has_defaults = word_of(call.request, parameter::kDefaults) == "1";
  DetailStyle style{.defaults = has_defaults ? BodyStyle::Defaults::marked : BodyStyle::Defaults::left_out,
                    .states = states_of(call)};
  answer_with(site, call, snapshot, *node, false, [&site, node, style](const HiddenFields& hidden) {
    JsonWriter json;
    write_detail(json, site, *node, hidden, style);
    return json_response(std::move(json));
  });
}

void answer_component_handler(Site& site, const Call& call) {
  auto snapshot = site.snapshot();
  std::string_view rest;
  const auto* node = find_node(*snapshot, call.path.rest, rest);
  if (!node) {
    call.reply(net::Response::text(
        400, fmt::format("no component has the id \"{}\"\n", lang::printable(shown(call.path.rest)))));
    return;
  }
  if (!site.options().component_handler) {
    call.reply(net::Response::text(404, fmt::format("component {} answers no requests\n", node->id)));
    return;
  }
  site.options().component_handler(node->id, rest, call.request, call.reply);
}

}  // namespace weir::web
