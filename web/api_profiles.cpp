#include <algorithm>

#include "base/seconds.h"
#include "store/store.h"
#include "web/api.h"
#include "web/flame_json.h"
#include "web/parameters.h"
#include "web/profile_query.h"

namespace weir::web {
namespace {

constexpr std::int64_t kDefaultPoints = 240;
constexpr std::size_t kServicesWithSeries = 200;

void write_points(JsonWriter& json, const std::vector<store::SeriesPoint>& points) {
  json.key("points").begin_array();
  for (const auto& point : points) {
    json.begin_array().value(unix_ms(point.time)).value(point.value).end_array();
  }
  json.end_array();
}

Duration step_for(const QueryRange& range, std::int64_t points) {
  // Whole seconds: a profile covers several of them anyway.
  std::int64_t seconds = (range.until - range.from) / (points * 1000);
  return std::chrono::seconds(std::max<std::int64_t>(1, seconds));
}

void write_service(JsonWriter& json, const store::ServiceSummary& service) {
  json.member("service", service.service).member("type", service.profile_type);
  json.member("unit", service.unit).member("total", service.total);
  json.member("profiles", service.profiles).member("samples", service.samples);
  json.member("first", unix_ms(service.first)).member("last", unix_ms(service.last));
}

net::Response services_response(const store::Querier& querier, const QueryRange& range, std::int64_t points) {
  JsonWriter json;
  json.begin_object();
  write_range(json, range);
  Duration step = points > 0 ? step_for(range, points) : Duration::zero();
  if (points > 0) json.member("step", in_seconds(step));
  json.member("stores", 1).key("services").begin_array();
  std::size_t with_series = points > 0 ? kServicesWithSeries : 0;
  for (const auto& service : querier.services(range.times())) {
    json.begin_object();
    write_service(json, service);
    if (with_series > 0) {
      --with_series;
      store::Selection selection{service.service, service.profile_type, {}, range.times()};
      write_points(json, querier.series(selection, step));
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(std::move(json));
}

net::Response flame_response(const ProfileQuery& query, std::size_t max_nodes) {
  auto tree = query.querier->flame(query.selection, max_nodes);
  if (!tree) return json_error(500, tree.error().message);
  JsonWriter json;
  json.begin_object();
  write_range(json, query.range);
  json.member("service", query.selection.service).member("type", query.selection.profile_type);
  json.member("total", tree->total()).member("samples", tree->samples());
  json.member("completeSamples", tree->complete_samples()).key("flame");
  write_flame(json, *tree);
  json.end_object();
  return json_response(std::move(json));
}

net::Response series_response(const ProfileQuery& query, Duration step) {
  JsonWriter json;
  json.begin_object();
  write_range(json, query.range);
  json.member("service", query.selection.service).member("step", in_seconds(step));
  write_points(json, query.querier->series(query.selection, step));
  json.end_object();
  return json_response(std::move(json));
}

}  // namespace

void answer_services(Site& site, const Call& call) {
  auto range = parse_range(site, call.request);
  if (!range) {
    call.reply(json_error(400, range.error().message));
    return;
  }
  auto querier = find_querier(site, call.request);
  if (querier) {
    site.offload(call.reply,
                 [querier = *querier, range = *range, points = integer_of(call.request, parameter::kPoints)] {
                   return services_response(*querier, range, points);
                 });
    return;
  }
  if (!text_of(call.request, parameter::kStore).empty()) {
    call.reply(json_error(404, querier.error().message));
    return;
  }
  // A config without a store is no error of the request: the page says what to add.
  JsonWriter json;
  json.begin_object();
  write_range(json, *range);
  json.member("stores", 0).key("services").begin_array().end_array().end_object();
  call.reply(json_response(std::move(json)));
}

void answer_flame(Site& site, const Call& call) {
  auto query = parse_query(site, call);
  if (!query) return;
  std::size_t nodes = size_of(call.request, parameter::kMaxNodes);
  site.offload(call.reply, [query = *std::move(query), nodes] { return flame_response(query, nodes); });
}

void answer_series(Site& site, const Call& call) {
  auto query = parse_query(site, call);
  if (!query) return;
  Duration step = step_for(query->range, kDefaultPoints);
  if (auto given = given_integer(call.request, parameter::kStep)) step = std::chrono::seconds(*given);
  step = std::max(step, step_for(query->range, parameter::kMaxPoints));
  site.offload(call.reply, [query = *std::move(query), step] { return series_response(query, step); });
}

}  // namespace weir::web
