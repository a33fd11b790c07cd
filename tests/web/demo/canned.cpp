#include "tests/web/demo/canned.h"

#include <fmt/core.h>

#include "runtime/health_history.h"
#include "tests/web/demo/processes.h"
#include "tests/web/demo/profiles.h"
#include "tests/web/demo/rules.h"
#include "tests/web/fake_parts.h"

namespace weir::web::testing {
namespace {

using lang::Value;
using runtime::HealthState;

struct Arguments {
  Value targets;
  std::vector<std::string> forward_to = {"pyroscope.store.local", "pyroscope.write.central"};
  double sample_rate = 97;
  bool collect_kernel_profile = true;
  std::string demangle = "none";
  std::int64_t symbols_map_size = 16384;

  static constexpr auto fields() {
    return std::tuple{
        lang::required("targets", &Arguments::targets, "What is profiled."),
        lang::required("forward_to", &Arguments::forward_to, "Where profiles go."),
        lang::optional("sample_rate", &Arguments::sample_rate, "Samples taken each second on each CPU.")
            .unit("Hz"),
        lang::optional("collect_kernel_profile", &Arguments::collect_kernel_profile,
                       "Whether stacks go on into the kernel."),
        lang::optional("demangle", &Arguments::demangle, "How C++ names are written."),
        lang::optional("symbols_map_size", &Arguments::symbols_map_size, "Kept for configs that set it.")
            .without_effect("weir bounds its tables by memory"),
    };
  }
  bool operator==(const Arguments&) const = default;
};

struct WriteEndpoint {
  std::string url = "https://backup.profiles.internal";
  lang::Secret password{"hunter2"};
  std::string remote_timeout = "10s";

  static constexpr auto fields() {
    return std::tuple{
        lang::required("url", &WriteEndpoint::url, "Where to push."),
        lang::optional("password", &WriteEndpoint::password, "Sent with each request."),
        lang::optional("remote_timeout", &WriteEndpoint::remote_timeout, "How long to wait for an answer."),
    };
  }
  bool operator==(const WriteEndpoint&) const = default;
};

struct WriteArguments {
  std::vector<WriteEndpoint> endpoint = {WriteEndpoint{}};
  std::map<std::string, std::string> external_labels;

  static constexpr auto fields() {
    return std::tuple{
        lang::block("endpoint", &WriteArguments::endpoint, "Where to send profiles."),
        lang::optional("external_labels", &WriteArguments::external_labels, "Labels added to every profile."),
    };
  }
  bool operator==(const WriteArguments&) const = default;
};

const runtime::ComponentType& ebpf_type() {
  static const auto type = component_type<Arguments>(
      "pyroscope.ebpf", "Profiles processes of this machine from the kernel, without touching them.");
  return type;
}
const runtime::ComponentType& write_type() {
  static const auto type = component_type<WriteArguments>(
      "pyroscope.write", "Sends profiles to servers that speak Pyroscope's push API.");
  return type;
}
const runtime::ComponentType& other_type() {
  static const auto type =
      component_type<lang::Nothing>("discovery.process", "Finds the processes of this machine.");
  return type;
}

Value target(int pid) {
  Value::Fields fields{{"__process_pid__", std::to_string(pid)},
                       {"__meta_process_exe", fmt::format("/usr/bin/service-{}", pid % 7)},
                       {"service_name", fmt::format("service-{}", pid % 7)},
                       {"__meta_process_commandline", "<img src=x onerror=alert(1)>"}};
  if (pid % 3 == 0) fields.emplace_back("__container_id__", "9f3c1b2a77de");
  return Value::object(std::move(fields));
}

Value targets(int count) {
  std::vector<Value> all;
  for (int i = 0; i < count; ++i) all.push_back(target(1000 + i * 17));
  return Value::array(std::move(all));
}

// What the rules of discovery.relabel.host make of them.
Value kept(const Value& targets) {
  std::vector<Value> all;
  auto list = targets.as_list();
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (Value left = after_rules(list->at(i)); !left.is_null()) all.push_back(std::move(left));
  }
  return Value::array(std::move(all));
}

std::shared_ptr<const lang::BodyValue> queue_debug() {
  auto queue = std::make_shared<lang::BodyValue>();
  queue->statements = {{.name = "on_disk", .value = "4.1 MB"},
                       {.name = "budget", .value = "512 MB"},
                       {.name = "lost", .value = 0}};
  auto answer = std::make_shared<lang::BodyValue>();
  answer->statements = {{.name = "status", .value = 503},
                        {.name = "body", .value = "upstream overloaded"},
                        {.name = "after", .value = "212ms"}};
  auto body = std::make_shared<lang::BodyValue>();
  body->statements = {{.name = "queue", .body = queue},
                      {.name = "last_answer", .body = answer},
                      {.name = "next_try", .value = "38s"}};
  return body;
}

profile::CollectionStats collected(std::uint64_t lost) {
  profile::CollectionStats stats{.samples = 1'203'311 + lost, .attributed = 1'203'311};
  stats.losses = {
      {"process_gone", "The process ended before its mappings could be read.", lost ? 12u : 0u},
      {"ring_full", "weir did not read fast enough. Raise the size of the ring, or sample less often.",
       lost ? lost - 12 : 0}};
  stats.map_bytes = 9u << 20;
  return stats;
}

constexpr std::string_view kRelabel = "discovery.relabel.host";

struct Entry {
  std::string id;
  HealthState state;
  std::string message;
  std::chrono::minutes since;
};

const Entry kEntries[] = {
    {"discovery.docker.host", HealthState::healthy, "6 containers", std::chrono::minutes(4400)},
    {"discovery.process.all", HealthState::healthy, "214 processes seen, 1 204 targets",
     std::chrono::minutes(4400)},
    {"discovery.relabel.host", HealthState::healthy, "keeps 4 of 6", std::chrono::minutes(4400)},
    {"discovery.kubernetes.pods", HealthState::waiting, "waiting for local.file.token.content",
     std::chrono::minutes(9)},
    {"local.file.token", HealthState::unknown, "component created", std::chrono::minutes(0)},
    {"pyroscope.ebpf.machine", HealthState::healthy, "29 of 29 targets sampled at 97 Hz",
     std::chrono::minutes(4400)},
    {"pyroscope.store.local", HealthState::healthy, "612 MB of 2 GB, oldest 23 h ago",
     std::chrono::minutes(4400)},
    {"pyroscope.write.backup", HealthState::unhealthy,
     "POST https://backup.profiles.internal/push.v1.PusherService/Push: 503, retry 14 in 38 s. 4.1 MB wait "
     "on disk, 0 lost.",
     std::chrono::minutes(4)},
    {"pyroscope.write.central", HealthState::healthy, "last push 200 in 41 ms", std::chrono::minutes(130)},
};

std::string config_text() {
  std::string text;
  for (const auto& entry : kEntries) {
    std::size_t dot = entry.id.rfind('.');
    text += fmt::format("{} \"{}\" {{\n{}}}\n\n", entry.id.substr(0, dot), entry.id.substr(dot + 1),
                        entry.id == kRelabel ? kRulesText : "");
  }
  return text;
}

const runtime::ComponentType* type_for(const std::string& id) {
  if (id.starts_with("pyroscope.ebpf")) return &ebpf_type();
  return id.starts_with("pyroscope.write") ? &write_type() : &other_type();
}

runtime::ArgumentsPtr arguments_for(const std::string& id) {
  if (id.starts_with("pyroscope.ebpf"))
    return std::make_shared<const Arguments>(Arguments{.targets = kept(targets(1204))});
  if (!id.starts_with("pyroscope.write")) return std::make_shared<const lang::Nothing>();
  auto arguments = std::make_shared<WriteArguments>();
  arguments->external_labels = {{"host", "node-7"}};
  return arguments;
}

// It began, ran, and was not well some hours ago.
runtime::HealthHistoryPtr history_of(const runtime::Health& health, WallTime now) {
  runtime::HealthHistoryPtr history;
  auto add = [&](HealthState state, std::string message, Duration ago) {
    WallTime then = now - std::chrono::duration_cast<WallTime::duration>(ago);
    history = runtime::continued(
        history, {.state = state, .message = std::move(message), .since = then, .updated = then});
  };
  constexpr auto kMinute = std::chrono::minutes(1);
  add(HealthState::waiting, "waiting for local.file.token.content", 1300 * kMinute);
  add(HealthState::healthy, "started", 1299 * kMinute);
  add(HealthState::unhealthy, "connect: no route to host", 420 * kMinute);
  add(HealthState::healthy, "last push 200 in 38 ms", 366 * kMinute);
  return runtime::continued(history, health);
}

void refuse(runtime::LoadResult& load, const lang::SourcePtr& source, WallTime now) {
  load = {.ok = false, .time = now - std::chrono::seconds(40), .cause = "file changed"};
  load.diagnostics.push_back(
      {.source = source,
       .span = {0, 16},
       .message = "component \"discovery.dokcer\" does not exist; did you mean \"discovery.docker\"?"});
}

std::shared_ptr<MemoryStore> store_of(std::string_view mode) {
  if (mode == "no-store") return nullptr;
  if (mode == "broken") return broken_store();
  return mode == "empty" ? std::make_shared<MemoryStore>() : growing_store(mode == "types");
}

}  // namespace

Canned::Canned(std::string_view mode) {
  WallTime now = system_clock().wall();
  auto source = lang::Source::make("/etc/weir/config.river", config_text());
  store = store_of(mode);
  runtime::Snapshot snapshot;
  snapshot.config_path = source->name();
  snapshot.sources = {source};
  snapshot.ready = true;
  snapshot.running_since = now - std::chrono::hours(3);
  snapshot.last_load = {.ok = true, .time = snapshot.running_since, .cause = "start"};
  if (mode == "refused")
    refuse(snapshot.last_load, lang::Source::make(source->name(), "discovery.dokcer \"host\" {\n}\n"), now);
  for (const auto& entry : kEntries) {
    auto node = make_node(entry.id, type_for(entry.id));
    auto at = static_cast<std::uint32_t>(
        source->text().find(entry.id.substr(0, entry.id.rfind('.')) + " \"" + node->label));
    auto end = static_cast<std::uint32_t>(source->text().find("\n}", at) + 2);
    node->set_place({source, {at, end}});
    auto state = std::make_shared<runtime::NodeState>();
    state->health = {entry.state, entry.message, now - entry.since, now - entry.since};
    state->services.emplace_back(typeid(runtime::HealthHistory), history_of(state->health, now));
    if (entry.state != HealthState::waiting) state->arguments = arguments_for(entry.id);
    if (entry.id.starts_with("discovery.process"))
      state->exports = Value::ordered_object({{"targets", targets(1204)}});
    if (entry.id.starts_with("discovery.docker"))
      state->exports = Value::ordered_object({{"targets", targets(6)}});
    if (entry.id == kRelabel) state->services.emplace_back(typeid(runtime::TargetTracer), made_up_rules());
    if (entry.id == "pyroscope.write.backup") state->debug_info = queue_debug();
    if (entry.id == "pyroscope.store.local" && store)
      state->services.emplace_back(typeid(store::Querier),
                                   std::static_pointer_cast<const store::Querier>(store));
    if (entry.id == "pyroscope.ebpf.machine") {
      node->references_to = {"discovery.process.all", "pyroscope.store.local", "pyroscope.write.backup"};
      state->services.emplace_back(
          typeid(profile::CollectionReport),
          std::static_pointer_cast<const profile::CollectionReport>(
              std::make_shared<const FakeReport>(collected(mode == "lost" ? 412 : 0))));
      if (mode != "empty")
        state->services.emplace_back(typeid(profile::ProcessReport), demo_process_report());
    }
    if (entry.id == "pyroscope.write.backup") node->referenced_by = {"pyroscope.ebpf.machine"};
    if (entry.id == "discovery.process.all")
      node->referenced_by = {"pyroscope.ebpf.machine", "discovery.relabel.host"};
    node->set_state(state);
    snapshot.nodes.push_back(node);
  }
  controller.publish(std::move(snapshot));
  Logger backup(log, "pyroscope.write.backup");
  backup.warn("push failed", {{"status", "503"}, {"retry", "1"}, {"in", "500ms"}});
  backup.error("push failed", {{"status", "503"}, {"retry", "13"}, {"in", "2m18s"}});
  backup.error("push failed", {{"status", "503"}, {"retry", "14"}, {"in", "38s"}, {"queued", "4.1MB"}});
}

}  // namespace weir::web::testing
