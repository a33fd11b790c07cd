#include "tests/web/api_world.h"

#include <fmt/format.h>

#include "runtime/health_history.h"
#include "runtime/target_tracer.h"
#include "tests/profile/sample_profile.h"
#include "tests/web/fake_parts.h"

namespace weir::web::testing {
namespace {

using lang::Value;
using runtime::HealthState;
using namespace std::chrono_literals;

constexpr std::string_view kConfig = R"river(discovery.process "all" { }

discovery.relabel "services" {
  targets = discovery.process.all.targets

  rule {
    source_labels = ["__meta_process_exe"]
    target_label  = "service_name"
    regex         = ".*/([^/]+)"
  }

  rule {
    source_labels = ["service_name"]
    regex         = "checkout"
    action        = "keep"
  }

  rule {
    regex  = "__meta_none"
    action = "labeldrop"
  }
}

pyroscope.ebpf "machine" {
  targets     = discovery.relabel.services.output
  forward_to  = [pyroscope.store.local.receiver]
  sample_rate = 49
}

pyroscope.store "local" { }

ship "local" { }
)river";

struct Arguments {
  Value targets;
  Value forward_to;
  double sample_rate = 97;
  std::int64_t symbols_map_size = 16384;

  static constexpr auto fields() {
    return std::tuple{
        lang::required("targets", &Arguments::targets, "What is profiled."),
        lang::required("forward_to", &Arguments::forward_to, "Where profiles go."),
        lang::optional("sample_rate", &Arguments::sample_rate, "Samples a second on each CPU.").unit("Hz"),
        lang::optional("symbols_map_size", &Arguments::symbols_map_size, "Kept for configs that set it.")
            .without_effect("weir bounds its tables by memory"),
    };
  }
  bool operator==(const Arguments&) const = default;
};

const runtime::ComponentType kFinder = component_type<lang::Nothing>("discovery.process", "Finds processes.");
const runtime::ComponentType kRelabel =
    component_type<lang::Nothing>("discovery.relabel", "Rewrites labels.");
const runtime::ComponentType kCollector =
    component_type<Arguments>("pyroscope.ebpf", "Samples the CPU use of targets.");
const runtime::ComponentType kStoring = component_type<lang::Nothing>("pyroscope.store", "Keeps profiles.");
const runtime::ComponentType kShip = component_type<lang::Nothing>("ship", "");
const runtime::ComponentType kFile = component_type<lang::Nothing>("local.file", "Reads a file.");

Value found(int pid, const std::string& name) {
  return Value::ordered_object(
      {{"__process_pid__", std::to_string(pid)}, {"__meta_process_exe", "/usr/bin/" + name}});
}

Value named(int pid, const std::string& name) {
  return Value::ordered_object({{"__process_pid__", std::to_string(pid)},
                                {"__meta_process_exe", "/usr/bin/" + name},
                                {"service_name", name}});
}

// The rules of the config.
class Rules final : public runtime::TargetTracer {
 public:
  bool trace(const Value& target, const EachStep& each) const override {
    using Effect = runtime::TraceStep::Effect;
    auto exe = target.as_map()->find("__meta_process_exe");
    auto pid = target.as_map()->find("__process_pid__");
    if (!exe || !pid || target.as_map()->find("service_name")) return false;
    std::string name = exe->as_string()->substr(std::string_view("/usr/bin/").size());
    Value changed = named(std::stoi(*pid->as_string()), name);
    bool is_kept = name == "checkout";
    each({.index = 0,
          .what = "replace",
          .why = fmt::format("\"/usr/bin/{}\" matches \".*/([^/]+)\"", name),
          .effect = Effect::changed,
          .target = changed});
    each({.index = 1,
          .what = "keep",
          .why = fmt::format("\"{}\" {} \"checkout\"", name, is_kept ? "matches" : "does not match"),
          .effect = is_kept ? Effect::nothing : Effect::dropped,
          .target = is_kept ? changed : Value()});
    if (!is_kept) return true;
    each({.index = 2,
          .what = "labeldrop",
          .why = "labels whose names match \"__meta_none\"",
          .effect = Effect::nothing,
          .target = changed});
    return true;
  }
};

template <class Service, class T>
void offer(runtime::Node& node, std::shared_ptr<T> service) {
  std::shared_ptr<const Service> offered = std::move(service);
  change(node, [&](auto& state) { state.services.emplace_back(typeid(Service), offered); });
}

std::shared_ptr<FakeProcesses> processes() {
  auto report = std::make_shared<FakeProcesses>();
  report->collected = {{.pid = 4211,
                        .comm = "checkout",
                        .container_id = "9f3c1b2a77de",
                        .service = "checkout",
                        .samples = 1200,
                        .complete_samples = 1180,
                        .frames = 9000,
                        .named_frames = 7200,
                        .unnamed = "/usr/lib/libcrypto.so.3: it has no .symtab, and there is no debug file"}};
  report->services = {{4211, "checkout"}};
  return report;
}

profile::CollectionStats collected() {
  profile::CollectionStats stats{.samples = 1203, .attributed = 1200, .unselected = 310, .idle = 88'000};
  stats.losses = {{"ring_full", "weir did not read fast enough: sample less often.", 3}};
  stats.profiles = 42;
  stats.kernel_time = 250ms;
  stats.map_bytes = 9u << 20;
  return stats;
}

std::shared_ptr<const lang::BodyValue> debug_info() {
  auto one = std::make_shared<lang::BodyValue>();
  one->statements = {{.name = "samples", .value = 1200}};
  auto all = std::make_shared<lang::BodyValue>();
  all->statements = {{.name = "target", .label = "checkout", .body = one}};
  return all;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// What the machine says of itself.
void make_up_machine(boost::json::value& answer) {
  auto put = [](boost::json::object& object, const char* name, boost::json::value value) {
    if (object.contains(name)) object[name] = std::move(value);
  };
  if (auto* peers = answer.if_array();
      peers && !peers->empty() && peers->at(0).as_object().contains("isSelf"))
    put(peers->at(0).as_object(), "name", "node-7");
  auto* status = answer.if_object();
  if (!status || !status->contains("process")) return;
  put(*status, "host", "node-7");
  put(*status, "kernel", "Linux 6.1.0-41-amd64");
  auto& cost = status->at("process").as_object();
  put(cost, "cpuPercent", 0.4);
  put(cost, "cpuSeconds", 12.5);
  put(cost, "window", 10);
  put(cost, "rssBytes", 48'000'000);
}

}  // namespace

ApiWorld::ApiWorld(Extent extent) {
  write_config(std::string(kConfig));
  source_ = lang::Source::make(folder_ / "config.river", std::string(kConfig));
  site.clock.now = WallTime(1'700'000'040s);
  site.controller.revisions = std::make_shared<runtime::Revisions>();
  site.processes = {{.pid = 1, .comm = "init", .start = 0s, .cpu = 1500ms},
                    {.pid = 4211, .comm = "checkout", .start = 5s, .cpu = 92s},
                    {.pid = 4300, .comm = "batch", .start = 9s, .cpu = 3s}};
  site.handler = make_handler({.controller = &site.controller,
                               .metrics = &site.metrics,
                               .log = &site.log,
                               .clock = &site.clock,
                               .version = "0.1.0",
                               .registry = &registry_,
                               .process_times = [this] { return site.processes; }});
  metrics_.counter("pyroscope_ebpf_samples_total", "Samples taken.")->add(1203);
  add_finder();
  add_rules();
  add_collector();
  add_store();
  add_module();
  if (extent == Extent::more) add_more();
  publish(extent);
  look_at_processes();
}

// CPU is told of the time since somebody has looked before.
void ApiWorld::look_at_processes() {
  site.get("/api/v0/web/targets");
  site.clock.now += 10s;
  site.processes[1].cpu += 5s;
}

void ApiWorld::write_config(const std::string& text) const {
  folder_.write("config.river", text);
}

std::shared_ptr<runtime::Node> ApiWorld::add(std::string id, const runtime::ComponentType& type) {
  auto node = make_node(std::move(id), &type);
  std::string_view text = source_->text();
  auto begin = text.find(fmt::format("{} \"{}\"", type.name, node->label));
  if (begin != std::string_view::npos) {
    auto end = text.find('\n', begin);
    if (text[end - 1] != '}') end = text.find("\n}", begin) + 2;
    node->set_place({source_, {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}});
  }
  WallTime start(1'699'990'000s);
  runtime::Health health{HealthState::healthy, "it works", start, start};
  change(*node, [&](auto& state) {
    state.health = state.evaluation_health = state.run_health = state.reported_health = health;
    state.arguments = std::make_shared<const lang::Nothing>();
    state.evaluations = 1;
  });
  offer<runtime::HealthHistory>(
      *node, std::make_shared<runtime::HealthHistory>(*runtime::continued(nullptr, health)));
  nodes_.push_back(node);
  return node;
}

void ApiWorld::add_finder() {
  auto node = add("discovery.process.all", kFinder);
  node->referenced_by = {"discovery.relabel.services"};
  change(*node, [](auto& state) {
    state.exports =
        Value::object({{"targets", Value::array({found(4211, "checkout"), found(4300, "batch")})}});
  });
}

void ApiWorld::add_rules() {
  auto node = add("discovery.relabel.services", kRelabel);
  node->references_to = {"discovery.process.all"};
  node->referenced_by = {"pyroscope.ebpf.machine"};
  change(*node, [](auto& state) {
    state.exports = Value::object({{"output", Value::array({named(4211, "checkout")})}});
  });
  offer<runtime::TargetTracer>(*node, std::make_shared<Rules>());
}

void ApiWorld::add_collector() {
  auto node = add("pyroscope.ebpf.machine", kCollector);
  node->references_to = {"discovery.relabel.services", "pyroscope.store.local"};
  auto to = FakeReceiver::value();
  change(*node, [&](auto& state) {
    Arguments arguments{.targets = Value::array({named(4211, "checkout")}),
                        .forward_to = Value::array({to}),
                        .sample_rate = 49};
    state.arguments = std::make_shared<const Arguments>(std::move(arguments));
    state.debug_info = debug_info();
    state.views.push_back(runtime::list_view("processes", "Processes sampled",
                                             Value::array({named(4211, "checkout")}).as_list()));
  });
  offer<profile::CollectionReport>(*node, std::make_shared<FakeReport>(collected()));
  offer<profile::ProcessReport>(*node, processes());
  offer<profile::Handover>(*node, std::make_shared<FakeHandover>());
  site.log.log({.time = WallTime(1'699'990'000s),
                .level = LogLevel::info,
                .component = node->id,
                .message = "sampling",
                .fields = {{"cpus", "8"}}});
  auto store = add("pyroscope.store.local", kStoring);
  store->referenced_by = {"pyroscope.ebpf.machine"};
  change(*store, [&](auto& state) { state.exports = Value::object({{"receiver", to}}); });
}

void ApiWorld::add_store() {
  auto store = std::make_shared<MemoryStore>();
  for (std::int64_t start : {1'700'000'000, 1'700'000'015}) {
    auto profile = profile::testing::sample_profile();
    profile.labels =
        profile::Labels{{"service_name", "checkout"}, {"__name__", "process_cpu"}, {"host", "node-7"}};
    profile.start = WallTime(std::chrono::seconds(start));
    if (start > 1'700'000'000) profile.samples[0].value *= 2;
    store->add(std::move(profile));
  }
  offer<store::Querier>(*nodes_.back(), store);
}

void ApiWorld::add_module() {
  auto module = add("ship.local", kShip);
  module->created_modules = {"ship.local"};
  auto inner = add("ship.local/local.file.token", kFile);
  change(*inner, [](auto& state) {
    state.arguments = nullptr;
    state.health.state = state.evaluation_health.state = HealthState::waiting;
    state.health.message = state.evaluation_health.message = "waiting for local.file.name.content";
  });
}

void ApiWorld::add_more() {
  auto node = add("test.values.odd", kFinder);
  std::vector<Value> many(300, Value("item"));
  change(*node, [&](auto& state) {
    state.exports = Value::ordered_object({{"many", Value::array(many)},
                                           {"long", std::string(100 << 10, 'x')},
                                           {"nothing", Value()},
                                           {"yes", true},
                                           {"half", 0.5},
                                           {"secret", lang::Secret{"hunter2"}},
                                           {"object", Value::object({{"a", 1}})}});
  });
  auto report = std::make_shared<FakeProcesses>();
  report->collected = {{.pid = 4300, .comm = "batch", .service = std::string(5000, 'x'), .samples = 1}};
  offer<profile::ProcessReport>(*node, report);
}

void ApiWorld::publish(Extent extent) {
  runtime::Snapshot snapshot;
  snapshot.ready = true;
  snapshot.config_path = source_->name();
  snapshot.sources = {source_};
  snapshot.running_since = WallTime(1'699'990'000s);
  snapshot.last_load = {
      .ok = true, .time = snapshot.running_since, .took = 12ms, .cause = "start", .added = nodes_.size()};
  site.controller.next_load = snapshot.last_load;
  if (extent == Extent::more) {
    snapshot.last_load.diagnostics = {{.severity = lang::Severity::warning,
                                       .source = source_,
                                       .span = {0, 17},
                                       .message = "it is deprecated",
                                       .notes = {{source_, {0, 3}, "here"}, {nullptr, {}, "and nowhere"}}},
                                      {.message = "it is of no place"}};
  }
  for (auto& node : nodes_) snapshot.nodes.push_back(node);
  site.controller.publish(std::move(snapshot));
}

net::Response ApiWorld::ask(std::string method, std::string target) {
  net::Request request{.method = std::move(method), .target = std::move(target)};
  request.headers.set("Host", "127.0.0.1:12345");
  net::Response response = site.ask(std::move(request));
  response.body = replaced(std::move(response.body), folder_.path().string(), "/etc/weir");
  if (response.headers.get("Content-Type") != "application/json") return response;
  auto answer = boost::json::parse(response.body, {}, {.max_depth = 100});
  make_up_machine(answer);
  response.body = boost::json::serialize(answer);
  return response;
}

}  // namespace weir::web::testing
