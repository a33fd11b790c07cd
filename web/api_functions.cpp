// Tables of what a store has: top functions, two selections beside each other, shares by a label.
#include <algorithm>
#include <span>

#include "base/seconds.h"
#include "web/api.h"
#include "web/comparison.h"
#include "web/flame_json.h"
#include "web/parameters.h"
#include "web/profile_query.h"

namespace weir::web {
namespace {

void write_symbol(JsonWriter& json, const profile::Symbol& symbol) {
  json.member("name", symbol.name).member("module", symbol.module);
  json.member("kind", profile::to_string(symbol.kind)).member("why", profile::to_string(symbol.no_name));
}

void write_selection(JsonWriter& json, const ProfileQuery& query, const profile::Profile& merged) {
  write_range(json, query.range);
  json.member("service", query.selection.service).member("type", query.selection.profile_type);
  json.member("unit", merged.type.sample_unit).member("total", merged.total());
  json.member("duration", in_seconds(merged.duration));
}

// Numbers of the rows, the largest first.
std::vector<std::size_t> ordered(const profile::FunctionTable& table,
                                 std::int64_t profile::FunctionTotals::* by) {
  std::vector<std::size_t> order(table.totals().size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const auto& left = table.totals()[a];
    const auto& right = table.totals()[b];
    return left.*by != right.*by ? left.*by > right.*by : table.symbols()[a].name < table.symbols()[b].name;
  });
  return order;
}

net::Response functions_response(const ProfileQuery& query, std::int64_t profile::FunctionTotals::* by,
                                 std::size_t limit) {
  auto merged = query.querier->merge(query.selection);
  if (!merged) return json_error(500, merged.error().message);
  profile::FunctionTable table;
  table.add(*merged);
  auto order = ordered(table, by);
  JsonWriter json;
  json.begin_object();
  write_selection(json, query, *merged);
  json.member("count", order.size()).key("functions").begin_array();
  for (std::size_t i : std::span(order).first(std::min(limit, order.size()))) {
    json.begin_object();
    write_symbol(json, table.symbols()[i]);
    json.member("self", table.totals()[i].self).member("total", table.totals()[i].total).end_object();
  }
  json.end_array().end_object();
  return json_response(std::move(json));
}

void write_changes(JsonWriter& json, const Comparison& both, std::size_t limit) {
  auto changes = profile::compare_functions(both.before, both.after);
  json.member("count", changes.size()).key("functions").begin_array();
  for (const auto& change : std::span(changes).first(std::min(limit, changes.size()))) {
    json.begin_object();
    write_symbol(json, change.function);
    json.member("beforeSelf", change.before.self).member("beforeTotal", change.before.total);
    json.member("self", change.after.self).member("total", change.after.total).end_object();
  }
  json.end_array();
}

struct Limits {
  std::size_t rows;
  std::size_t nodes;
};

net::Response diff_response(const ProfileQuery& before, const ProfileQuery& after, Limits limits,
                            profile::Basis basis) {
  auto both = compare(before, after, basis);
  if (!both) return std::move(both.error());
  JsonWriter json;
  json.begin_object().key("before").begin_object();
  write_selection(json, before, both->before);
  json.end_object().key("after").begin_object();
  write_selection(json, after, both->after);
  json.end_object();
  json.member("factor", both->factor);
  profile::scale(both->before, both->factor);
  // Who wants the tree alone need not wait for the table.
  if (limits.rows > 0) write_changes(json, *both, limits.rows);
  json.key("flame");
  write_flame(json, flame_of(both->before, both->after, limits.nodes));
  json.end_object();
  return json_response(std::move(json));
}

net::Response breakdown_response(const ProfileQuery& query, const std::string& label) {
  JsonWriter json;
  json.begin_object();
  write_range(json, query.range);
  json.member("label", label).key("values").begin_array();
  for (const store::LabelShare& share : query.querier->breakdown(query.selection, label)) {
    json.begin_object();
    json.member("value", share.value).member("unit", share.unit).member("total", share.total);
    json.member("profiles", share.profiles).member("samples", share.samples).end_object();
  }
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace

void answer_functions(Site& site, const Call& call) {
  auto query = parse_query(site, call);
  if (!query) return;
  bool by_total = word_of(call.request, parameter::kFunctionsBy) == "total";
  auto column = by_total ? &profile::FunctionTotals::total : &profile::FunctionTotals::self;
  site.offload(call.reply,
               [query = *std::move(query), column, rows = size_of(call.request, parameter::kRowLimit)] {
                 return functions_response(query, column, rows);
               });
}

void answer_diff(Site& site, const Call& call) {
  auto after = parse_query(site, call);
  if (!after) return;
  auto before = parse_query_before(call, *after);
  if (!before) return;
  Limits limits{.rows = size_of(call.request, parameter::kRowLimit),
                .nodes = size_of(call.request, parameter::kMaxNodes)};
  site.offload(call.reply, [before = *std::move(before), after = *std::move(after), limits,
                            basis = basis_of(call)] { return diff_response(before, after, limits, basis); });
}

void answer_breakdown(Site& site, const Call& call) {
  auto query = parse_query(site, call);
  if (!query) return;
  site.offload(call.reply, [query = *std::move(query), label = text_of(call.request, parameter::kLabel)] {
    return breakdown_response(query, label);
  });
}

}  // namespace weir::web
