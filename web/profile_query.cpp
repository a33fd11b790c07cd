#include "web/profile_query.h"

#include <algorithm>

#include "profile/label_pairs.h"
#include "web/parameters.h"

namespace weir::web {
namespace {

constexpr std::int64_t kDefaultRangeMs = 3'600'000;

void reply_error(const Call& call, int status, std::string_view message) {
  call.reply(json_error(status, message));
}

Result<std::vector<profile::Labels::Pair>> labels_of(const net::Request& request,
                                                     const Parameter& parameter) {
  std::string text = text_of(request, parameter);
  if (text.empty()) return std::vector<profile::Labels::Pair>();
  auto pairs = profile::parse_label_pairs(text);
  if (!pairs) return fail("parameter {}: {}", parameter.name, pairs.error().message);
  return pairs;
}

// From one parameter until the other; what is not given is as `otherwise` has it, from the end on as long.
Result<QueryRange> range_of(const net::Request& request, const Parameter& from, const Parameter& until,
                            QueryRange otherwise) {
  QueryRange range;
  range.until = given_integer(request, until).value_or(std::max(until.lowest, otherwise.until));
  std::int64_t start = std::max(from.lowest, range.until - (otherwise.until - otherwise.from));
  range.from = given_integer(request, from).value_or(start);
  if (range.from < range.until) return range;
  return fail("parameter {}: {} is not before {}, {}", from.name, range.from, until.name, range.until);
}

}  // namespace

Result<QueryRange> parse_range(const Site& site, const net::Request& request) {
  std::int64_t now = unix_ms(site.now());
  return range_of(request, parameter::kFrom, parameter::kUntil,
                  {.from = now - kDefaultRangeMs, .until = now});
}

Result<QuerierPtr> find_querier(const Site& site, const net::Request& request) {
  std::string wanted = text_of(request, parameter::kStore);
  auto snapshot = site.snapshot();
  for (auto& [node, querier] : snapshot->services<store::Querier>()) {
    if (wanted.empty() || node->id == wanted) return querier;
  }
  if (!wanted.empty()) return fail("component {} keeps no profiles", wanted);
  return fail("no component keeps profiles on this machine: add a pyroscope.store to the config");
}

std::optional<ProfileQuery> parse_query(const Site& site, const Call& call) {
  auto range = parse_range(site, call.request);
  auto labels = labels_of(call.request, parameter::kLabels);
  if (!range || !labels) {
    reply_error(call, 400, !range ? range.error().message : labels.error().message);
    return std::nullopt;
  }
  auto querier = find_querier(site, call.request);
  if (!querier) {
    reply_error(call, 404, querier.error().message);
    return std::nullopt;
  }
  store::Selection selection{text_of(call.request, parameter::kService),
                             text_of(call.request, parameter::kType), *std::move(labels), range->times()};
  if (selection.service.empty() && selection.labels.empty()) {
    reply_error(call, 400, "parameter service: missing, and there are no labels either");
    return std::nullopt;
  }
  return ProfileQuery{*querier, *range, std::move(selection)};
}

std::optional<ProfileQuery> parse_query_before(const Call& call, const ProfileQuery& after) {
  const net::Request& request = call.request;
  std::int64_t length = after.range.until - after.range.from;
  auto range = range_of(request, parameter::kBeforeFrom, parameter::kBeforeUntil,
                        {.from = after.range.from - length, .until = after.range.from});
  auto labels = labels_of(request, parameter::kBeforeLabels);
  if (!range || !labels) {
    reply_error(call, 400, !range ? range.error().message : labels.error().message);
    return std::nullopt;
  }
  ProfileQuery before = after;
  before.range = *range;
  before.selection.range = before.range.times();
  if (!labels->empty()) before.selection.labels = *std::move(labels);
  if (auto service = text_of(request, parameter::kBeforeService); !service.empty())
    before.selection.service = service;
  if (auto type = text_of(request, parameter::kBeforeType); !type.empty())
    before.selection.profile_type = type;
  return before;
}

void write_range(JsonWriter& json, const QueryRange& range) {
  json.member("from", range.from).member("until", range.until);
}

}  // namespace weir::web
