#include <sys/utsname.h>

#include <array>
#include <map>

#include "profile/collection.h"
#include "web/api.h"
#include "web/diagnostic_json.h"

namespace weir::web {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void write_load(JsonWriter& json, const runtime::LoadResult& load) {
  json.begin_object();
  json.member("ok", load.ok).member("cause", load.cause);
  json.member("time", unix_ms(load.time)).member("seconds", seconds(load.took));
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
  json.member("kernelSeconds", seconds(all.sum.kernel_time)).member("mapBytes", all.sum.map_bytes);
  json.key("losses").begin_array();
  for (const auto& [reason, loss] : all.losses) {
    json.begin_object().member("reason", reason).member("meaning", loss.meaning);
    json.member("count", loss.count).end_object();
  }
  json.end_array().end_object();
}

void write_health_counts(JsonWriter& json, const runtime::Snapshot& snapshot) {
  using runtime::HealthState;
  constexpr std::array kStates{HealthState::unhealthy, HealthState::exited, HealthState::waiting,
                               HealthState::unknown, HealthState::healthy};
  std::map<HealthState, std::size_t> counts;
  for (const auto& node : snapshot.nodes) ++counts[node->state()->health.state];
  json.begin_object();
  for (auto state : kStates) json.member(runtime::to_string(state), counts[state]);
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
  json.member("window", seconds(cost.window)).member("rssBytes", cost.rss_bytes).end_object();
}

}  // namespace

void answer_status(Site& site, const Call& call) {
  auto snapshot = site.snapshot();
  Collected collected;
  for (const auto& [node, report] : snapshot->services<profile::CollectionReport>()) {
    add(collected, report->stats());
  }
  JsonWriter json;
  json.begin_object();
  json.member("version", site.options().version);
  write_machine(json);
  json.member("time", unix_ms(site.now())).member("started", unix_ms(site.started()));
  json.member("uptime", seconds(site.now() - site.started()));
  json.member("ready", snapshot->ready).member("configPath", snapshot->config_path);
  json.member("runningSince", unix_ms(snapshot->running_since));
  json.key("lastLoad");
  write_load(json, snapshot->last_load);
  json.key("process");
  write_process(json, site.measure_cost());
  json.key("collection");
  write_collected(json, collected);
  json.member("components", snapshot->nodes.size()).key("health");
  write_health_counts(json, *snapshot);
  json.end_object();
  call.reply(json_response(std::move(json)));
}

}  // namespace weir::web
