#include <sys/utsname.h>

#include <array>
#include <map>

#include "base/seconds.h"
#include "profile/collection.h"
#include "web/api.h"
#include "web/diagnostic_json.h"
#include "web/status.h"

namespace weir::web {
namespace {

void write_load(JsonWriter& json, const runtime::LoadResult& load) {
  json.begin_object();
  json.member("ok", load.ok).member("cause", load.cause);
  json.member("time", unix_ms(load.time)).member("seconds", in_seconds(load.took));
  json.member("added", load.added).member("removed", load.removed);
  json.member("changed", load.changed).member("unchanged", load.unchanged);
  json.key("diagnostics").begin_array();
  for (const auto& diagnostic : load.diagnostics) write_diagnostic(json, diagnostic);
  json.end_array().end_object();
}

// All collectors taken together; equal reasons are added up.
struct Collected {
  profile::CollectionStats sum;
  std::map<std::string, profile::Loss> losses;
  std::uint64_t lost = 0;
  std::size_t collectors = 0;
};

void add(Collected& all, const profile::CollectionStats& one) {
  all.collectors += 1;
  all.sum.samples += one.samples;
  all.sum.attributed += one.attributed;
  all.sum.unselected += one.unselected;
  all.sum.idle += one.idle;
  all.sum.profiles += one.profiles;
  all.sum.kernel_time += one.kernel_time;
  all.sum.map_bytes += one.map_bytes;
  for (const auto& loss : one.losses) {
    auto& total = all.losses[loss.reason];
    total.meaning = loss.meaning;
    total.count += loss.count;
    all.lost += loss.count;
  }
}

void write_collected(JsonWriter& json, const Collected& all) {
  json.begin_object();
  json.member("collectors", all.collectors);
  json.member("samples", all.sum.samples).member("attributed", all.sum.attributed);
  json.member("unselected", all.sum.unselected).member("idle", all.sum.idle);
  json.member("profiles", all.sum.profiles).member("lost", all.lost);
  json.member("kernelSeconds", in_seconds(all.sum.kernel_time)).member("mapBytes", all.sum.map_bytes);
  json.key("losses").begin_array();
  for (const auto& [reason, loss] : all.losses) {
    json.begin_object().member("reason", reason).member("meaning", loss.meaning);
    json.member("count", loss.count).end_object();
  }
  json.end_array().end_object();
}

void write_health_counts(JsonWriter& json, const Overview::HealthCounts& counts) {
  using runtime::HealthState;
  constexpr std::array kStates{HealthState::unhealthy, HealthState::exited, HealthState::waiting,
                               HealthState::unknown, HealthState::healthy};
  json.begin_object();
  for (auto state : kStates) json.member(runtime::to_string(state), counts[static_cast<std::size_t>(state)]);
  json.end_object();
}

void write_machine(JsonWriter& json) {
  utsname name{};
  if (uname(&name) != 0) return;
  json.member("host", name.nodename);
  json.member("kernel", std::string(name.sysname) + " " + name.release);
}

void write_process(JsonWriter& json, const OwnCost& cost) {
  json.begin_object().member("cpuPercent", cost.cpu_percent).member("cpuSeconds", cost.cpu_seconds);
  json.member("window", in_seconds(cost.window)).member("rssBytes", cost.rss_bytes).end_object();
}

std::string moving_part(const Site& site, const OwnCost& cost) {
  JsonWriter json;
  json.begin_object().member("time", unix_ms(site.now()));
  json.member("uptime", in_seconds(site.now() - site.started()));
  json.key("process");
  write_process(json, cost);
  json.end_object();
  return json.take();
}

std::string steady_part(const Site& site) {
  auto snapshot = site.snapshot();
  Collected collected;
  for (const auto& report : site.overview().collectors()) add(collected, report->stats());
  JsonWriter json;
  json.begin_object();
  json.member("version", site.options().version);
  write_machine(json);
  json.member("started", unix_ms(site.started()));
  json.member("ready", snapshot->ready).member("configPath", snapshot->config_path);
  json.member("runningSince", unix_ms(snapshot->running_since));
  json.key("lastLoad");
  write_load(json, snapshot->last_load);
  json.key("collection");
  write_collected(json, collected);
  json.member("components", snapshot->nodes.size()).key("health");
  write_health_counts(json, site.overview().health());
  json.end_object();
  return json.take();
}

}  // namespace

std::string StatusText::whole() const {
  return steady.substr(0, steady.size() - 1) + "," + moving.substr(1);
}

StatusText status_text(Site& site) {
  site.look();
  OwnCost cost = site.measure_cost();
  return {.cost = cost, .moving = moving_part(site, cost), .steady = steady_part(site)};
}

void answer_status(Site& site, const Call& call) {
  call.reply(net::Response::json(200, status_text(site).whole()));
}

}  // namespace weir::web
