#include "web/profile_query.h"

#include <algorithm>

#include "profile/label_pairs.h"

namespace weir::web {
namespace {

constexpr std::int64_t kDefaultRangeMs = 3'600'000;

void reply_error(const Call& call, int status, std::string_view message) {
  call.reply(json_error(status, message));
}

// {a="b",c="d"}; a value of "" means that the label is absent.
Result<std::vector<profile::Labels::Pair>> labels_parameter(const net::Request& request,
                                                            std::string_view name) {
  std::string text = request.query(name);
  if (text.empty()) return std::vector<profile::Labels::Pair>();
  auto pairs = profile::parse_label_pairs(text);
  if (!pairs) return fail("parameter {}: {}", name, pairs.error().message);
  return pairs;
}

}  // namespace

Result<std::int64_t> bounded_parameter(const net::Request& request, std::string_view name,
                                       std::int64_t otherwise, std::int64_t lowest, std::int64_t highest) {
  auto value = integer_parameter(request, name);
  if (!value) return fail(value.error());
  return std::clamp(value->value_or(otherwise), lowest, highest);
}

Result<QueryRange> parse_range(const Site& site, const net::Request& request) {
  auto until = bounded_parameter(request, "until", unix_ms(site.now()), 1, kLatestMs);
  if (!until) return fail(until.error());
  auto from = bounded_parameter(request, "from", *until - kDefaultRangeMs, 0, kLatestMs);
  if (!from) return fail(from.error());
  if (*from >= *until) return fail("parameter from: {} is not before until, {}", *from, *until);
  return QueryRange{*from, *until};
}

Result<QuerierPtr> find_querier(const Site& site, const net::Request& request) {
  std::string wanted = request.query("store");
  auto snapshot = site.snapshot();
  for (auto& [node, querier] : snapshot->services<store::Querier>()) {
    if (wanted.empty() || node->id == wanted) return querier;
  }
  if (!wanted.empty()) return fail("component {} keeps no profiles", wanted);
  return fail("no component keeps profiles on this machine: add a pyroscope.store to the config");
}

std::optional<ProfileQuery> parse_query(const Site& site, const Call& call) {
  auto range = parse_range(site, call.request);
  auto labels = labels_parameter(call.request, "labels");
  if (!range || !labels) {
    reply_error(call, 400, !range ? range.error().message : labels.error().message);
    return std::nullopt;
  }
  auto querier = find_querier(site, call.request);
  if (!querier) {
    reply_error(call, 404, querier.error().message);
    return std::nullopt;
  }
  store::Selection selection{call.request.query("service"), call.request.query("type"), *std::move(labels),
                             range->times()};
  if (selection.service.empty() && selection.labels.empty()) {
    reply_error(call, 400, "parameter service: missing, and there are no labels either");
    return std::nullopt;
  }
  return ProfileQuery{*querier, *range, std::move(selection)};
}

std::optional<ProfileQuery> parse_query_before(const Call& call, const ProfileQuery& after) {
  const net::Request& request = call.request;
  auto length = after.range.until - after.range.from;
  auto until = bounded_parameter(request, "before_until", after.range.from, 1, kLatestMs);
  auto from = bounded_parameter(request, "before_from", until.value_or(0) - length, 0, kLatestMs);
  auto labels = labels_parameter(request, "before_labels");
  std::string error;
  if (!labels) error = labels.error().message;
  if (!from) error = from.error().message;
  if (!until) error = until.error().message;
  if (error.empty() && *from >= *until)
    error = fmt::format("parameter before_from: {} is not before before_until, {}", *from, *until);
  if (!error.empty()) {
    reply_error(call, 400, error);
    return std::nullopt;
  }
  ProfileQuery before = after;
  before.range = {*from, *until};
  before.selection.range = before.range.times();
  if (!labels->empty()) before.selection.labels = *std::move(labels);
  if (auto service = request.query("before_service"); !service.empty()) before.selection.service = service;
  if (auto type = request.query("before_type"); !type.empty()) before.selection.profile_type = type;
  return before;
}

void write_range(JsonWriter& json, const QueryRange& range) {
  json.member("from", range.from).member("until", range.until);
}

}  // namespace weir::web
