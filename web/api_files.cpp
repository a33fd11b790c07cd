// What a store has as files to take away, in the forms that other programs read, and as a page of its own.
#include <sys/utsname.h>

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "profile/pprof.h"
#include "profile/text_formats.h"
#include "web/api.h"
#include "web/comparison.h"
#include "web/flame_file.h"
#include "web/parameters.h"
#include "web/profile_query.h"

namespace weir::web {
namespace {

constexpr auto kMostNodes = static_cast<std::size_t>(parameter::kMaxNodes.highest);  // in a page

struct Form {
  std::string_view ending;
  std::string_view media_type;
  std::string (*encode)(const profile::Profile& profile, const std::string& name);
};

constexpr Form kPprof{
    ".pb.gz", "application/octet-stream",
    [](const profile::Profile& profile, const std::string&) { return profile::encode_pprof_gzip(profile); }};
constexpr Form kFolded{
    ".folded", "text/plain; charset=utf-8",
    [](const profile::Profile& profile, const std::string&) { return profile::encode_folded(profile); }};
constexpr Form kSpeedscope{".speedscope.json", "application/json",
                           [](const profile::Profile& profile, const std::string& name) {
                             return profile::encode_speedscope(profile, name);
                           }};

// Service names are labels and may hold anything; a header takes only this.
std::string file_name(std::string_view service) {
  std::string name;
  for (char c : service.substr(0, 100)) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    name += plain ? c : '_';
  }
  return name;
}

net::Response file_response(const ProfileQuery& query, std::string_view ending, std::string_view media_type,
                            std::string content) {
  net::Response response;
  response.headers.set("Content-Type", media_type);
  response.headers.set("Content-Disposition",
                       fmt::format("attachment; filename=\"{}-{}{}\"", file_name(query.selection.service),
                                   query.range.from / 1000, ending));
  response.body = std::move(content);
  return response;
}

net::Response nothing_response(const ProfileQuery& query) {
  return json_error(404, fmt::format("no profile of {} in this range", query.selection.service));
}

net::Response profile_response(const ProfileQuery& query, const Form& form) {
  auto profile = query.querier->merge(query.selection);
  if (!profile) return json_error(500, profile.error().message);
  if (profile->samples.empty()) return nothing_response(query);
  return file_response(query, form.ending, form.media_type, form.encode(*profile, query.selection.service));
}

void answer_form(Site& site, const Call& call, const Form& form) {
  auto query = parse_query(site, call);
  if (!query) return;
  site.offload(call.reply, [query = *std::move(query), &form] { return profile_response(query, form); });
}

std::string span_text(const QueryRange& range) {
  return format_time(from_unix_ms(range.from)) + " to " + format_time(from_unix_ms(range.until));
}

FlameFacts facts_of(const ProfileQuery& query, const profile::Profile& merged) {
  utsname machine{};
  uname(&machine);
  FlameFacts facts{.title = query.selection.service,
                   .unit = merged.type.sample_unit,
                   .start = from_unix_ms(query.range.from),
                   .duration = std::chrono::milliseconds(query.range.until - query.range.from)};
  facts.rows = {
      {"Machine", machine.nodename},
      {"Type", query.selection.profile_type.empty() ? merged.type.name : query.selection.profile_type}};
  return facts;
}

net::Response page_response(const ProfileQuery& query) {
  auto merged = query.querier->merge(query.selection);
  if (!merged) return json_error(500, merged.error().message);
  if (merged->samples.empty()) return nothing_response(query);
  FlameFacts facts = facts_of(query, *merged);
  facts.rows.insert(facts.rows.begin(), {{"Service", facts.title}, {"Time", span_text(query.range)}});
  profile::FlameTree tree;
  tree.add(*merged);
  tree.finish(kMostNodes);
  return file_response(query, ".html", "text/html; charset=utf-8", flame_file(tree, facts));
}

net::Response page_response(const ProfileQuery& before, const ProfileQuery& after, profile::Basis basis) {
  auto both = compare(before, after, basis);
  if (!both) return std::move(both.error());
  if (both->before.samples.empty() && both->after.samples.empty()) return nothing_response(after);
  FlameFacts facts = facts_of(after, both->after);
  // What tells the two apart comes first.
  bool same_service = before.selection.service == after.selection.service;
  facts.before_title = same_service ? span_text(before.range) : before.selection.service;
  if (same_service) facts.title = fmt::format("{}, {}", facts.title, span_text(after.range));
  auto named = [](const ProfileQuery& query) {
    return fmt::format("{}, {}", query.selection.service, span_text(query.range));
  };
  facts.rows.insert(facts.rows.begin(), {{"Before", named(before)}, {"After", named(after)}});
  facts.rows.emplace_back("Values before multiplied by", fmt::format("{:.4g}", both->factor));
  profile::scale(both->before, both->factor);
  return file_response(after, "-compared.html", "text/html; charset=utf-8",
                       flame_file(flame_of(both->before, both->after, kMostNodes), facts));
}

bool says_before(const net::Request& request) {
  using namespace parameter;
  return std::ranges::any_of(
      std::initializer_list<Parameter>{kBeforeService, kBeforeType, kBeforeLabels, kBeforeFrom, kBeforeUntil},
      [&](const Parameter& one) { return !text_of(request, one).empty(); });
}

}  // namespace

void answer_pprof(Site& site, const Call& call) {
  answer_form(site, call, kPprof);
}

void answer_folded(Site& site, const Call& call) {
  answer_form(site, call, kFolded);
}

void answer_speedscope(Site& site, const Call& call) {
  answer_form(site, call, kSpeedscope);
}

void answer_html(Site& site, const Call& call) {
  auto query = parse_query(site, call);
  if (!query) return;
  if (!says_before(call.request)) {
    site.offload(call.reply, [query = *std::move(query)] { return page_response(query); });
    return;
  }
  auto before = parse_query_before(call, *query);
  if (!before) return;
  site.offload(call.reply, [before = *std::move(before), after = *std::move(query), basis = basis_of(call)] {
    return page_response(before, after, basis);
  });
}

}  // namespace weir::web
