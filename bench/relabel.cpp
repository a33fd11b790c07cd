// What discovery.relabel costs with the rules of a Kubernetes config: 100,000
// pods of some 34 labels that come in for the first time, and again when one
// in a hundred has changed. Measured as it runs: in a graph, from what the
// source publishes to what its dependant is given. CPU time is that of all
// threads; memory is the whole process with the targets that came in.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "base/own_usage.h"
#include "components/relabel/relabel.h"
#include "runtime/controller.h"

namespace weir::relabel {
namespace {

using discovery::Target;
using discovery::TargetExports;
using discovery::TargetList;
using discovery::TargetPtr;
using discovery::Targets;

constexpr std::string_view kRules = R"river(
bench.source "pods" { }
bench.sink "end" { targets = discovery.relabel.pods.output }
discovery.relabel "pods" {
  targets = bench.source.pods.targets
  rule {
    action        = "drop"
    regex         = "Succeeded|Failed"
    source_labels = ["__meta_kubernetes_pod_phase"]
  }
  rule {
    action        = "replace"
    regex         = "(.*)@(.*)"
    replacement   = "ebpf/${1}/${2}"
    separator     = "@"
    source_labels = ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_container_name"]
    target_label  = "service_name"
  }
  rule {
    action = "labelmap"
    regex  = "__meta_kubernetes_pod_label_(.+)"
  }
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    target_label  = "namespace"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_name"]
    target_label  = "pod"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_node_name"]
    target_label  = "node"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_container_name"]
    target_label  = "container"
  }
  rule {
    action        = "drop"
    regex         = "true"
    source_labels = ["__meta_kubernetes_pod_container_init"]
  }
  rule {
    source_labels = ["__address__", "__meta_kubernetes_pod_annotation_profiles_grafana_com_cpu_port"]
    regex         = "(.+?)(?::\\d+)?;(\\d+)"
    replacement   = "$1:$2"
    target_label  = "__address__"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_controller_name"]
    regex         = "(.+)-[0-9a-f]{8,10}"
    target_label  = "deployment"
  }
}
)river";

// Where the benchmark's thread and the components meet.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void(Targets)> publish;
  Targets arrived;
  std::size_t arrivals = 0;

  void arrive(Targets targets) {
    std::lock_guard lock(mutex);
    arrived = std::move(targets);
    ++arrivals;
    changed.notify_all();
  }
};

Meeting& meeting() {
  static Meeting the_meeting;
  return the_meeting;
}

struct Source {
  static constexpr std::string_view kName = "bench.source";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc = "Publishes targets.";
  using Arguments = lang::Nothing;
  using Exports = TargetExports;
  using DebugInfo = lang::Nothing;

  Source(runtime::Context& ctx, Arguments) : ctx(ctx) { ctx.publish(TargetExports{}); }
  void start() {
    std::lock_guard lock(meeting().mutex);
    meeting().publish = [this](const Targets& targets) {
      ctx.post([this, targets] { ctx.publish(TargetExports{targets}); });
    };
    meeting().changed.notify_all();
  }
  void apply(Arguments) {}
  void stop() {
    std::lock_guard lock(meeting().mutex);
    meeting().publish = nullptr;
  }

  runtime::Context& ctx;
};

struct Sink {
  static constexpr std::string_view kName = "bench.sink";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc = "Takes targets.";
  struct Arguments {
    Targets targets;

    static constexpr auto fields() {
      return std::tuple{lang::required("targets", &Arguments::targets, "The targets.")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Sink(runtime::Context&, Arguments args) : first(std::move(args.targets)) {}
  void start() { meeting().arrive(first); }
  void apply(Arguments args) { meeting().arrive(std::move(args.targets)); }
  void stop() {}

  Targets first;
};

class World {
 public:
  World() {
    registry_.add(Source::kName, [] { return runtime::component_type<Source>(); });
    registry_.add(Sink::kName, [] { return runtime::component_type<Sink>(); });
    registry_.add(Relabel::kName, [] { return runtime::component_type<Relabel>(); });
    path_ = std::filesystem::temp_directory_path() / fmt::format("weir-bench-{}.river", ::getpid());
    std::ofstream(path_) << kRules;
    {
      std::lock_guard lock(meeting().mutex);
      meeting().arrivals = 0;
    }
    controller_ = runtime::Controller::create({.registry = &registry_,
                                               .log = &log_,
                                               .metrics = &metrics_,
                                               .clock = &system_clock(),
                                               .storage_path = "unused",
                                               .env = {}},
                                              {.config_path = path_, .watch_file = false});
    if (!controller_->load("bench").ok) std::abort();
    std::unique_lock lock(meeting().mutex);
    meeting().changed.wait(lock, [] { return meeting().publish != nullptr && meeting().arrivals == 1; });
  }
  ~World() {
    controller_.reset();
    std::filesystem::remove(path_);
    meeting().arrived = {};
  }

  // CPU time, in ms, until what is after the rules has them.
  double pass(const Targets& targets) {
    Duration before = own_cpu_time().all();
    std::unique_lock lock(meeting().mutex);
    std::size_t arrivals = meeting().arrivals;
    meeting().publish(targets);
    meeting().changed.wait(lock, [&] { return meeting().arrivals > arrivals; });
    return std::chrono::duration<double, std::milli>(own_cpu_time().all() - before).count();
  }

 private:
  runtime::Registry registry_;
  LogHub log_{[](std::string_view) {}};
  MetricRegistry metrics_;
  std::filesystem::path path_;
  std::unique_ptr<runtime::Controller> controller_;
};

// A cluster of 400 applications; which labels and annotations its people write differs.
class Cluster {
 public:
  // `version` changes what a pod that was replaced has anew.
  TargetPtr pod(std::size_t number, std::size_t version) {
    std::size_t app = number % 400;
    random_.seed(number * 1000 + version);
    std::string name = fmt::format("{}-{}", kNames[app % kNames.size()], app);
    std::string hash = fmt::format("{:x}", 0x5d000000u + app * 7919);
    std::string ip = fmt::format("10.{}.{}.{}", number >> 16, (number >> 8) & 255, (number + version) & 255);
    std::vector<Target::Label> labels{
        {"__address__", ip + ":8080"},
        {"__meta_kubernetes_namespace", fmt::format("team-{}", app % 40)},
        {"__meta_kubernetes_pod_container_id", "containerd://" + hex(64)},
        {"__meta_kubernetes_pod_container_image",
         "registry.example.com/shop/" + name + ":1.24." + fmt::to_string(app % 9)},
        {"__meta_kubernetes_pod_container_init", number % 50 == 7 ? "true" : "false"},
        {"__meta_kubernetes_pod_container_name", kNames[app % kNames.size()]},
        {"__meta_kubernetes_pod_container_port_name", "http"},
        {"__meta_kubernetes_pod_container_port_number", "8080"},
        {"__meta_kubernetes_pod_container_port_protocol", "TCP"},
        {"__meta_kubernetes_pod_controller_kind", "ReplicaSet"},
        {"__meta_kubernetes_pod_controller_name", name + "-" + hash},
        {"__meta_kubernetes_pod_host_ip", fmt::format("192.168.{}.{}", number % 16, number % 200)},
        {"__meta_kubernetes_pod_ip", ip},
        {"__meta_kubernetes_pod_name", fmt::format("{}-{}-{}", name, hash, hex(5))},
        {"__meta_kubernetes_pod_node_name", fmt::format("node-{}.example.internal", number % 3000)},
        {"__meta_kubernetes_pod_phase", number % 100 == 3 ? "Succeeded" : "Running"},
        {"__meta_kubernetes_pod_ready", "true"},
        {"__meta_kubernetes_pod_uid", fmt::format("{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12))},
    };
    auto add = [&](std::string_view kind, std::string_view key, std::string value) {
      labels.emplace_back(fmt::format("__meta_kubernetes_pod_{}_{}", kind, key), std::move(value));
      labels.emplace_back(fmt::format("__meta_kubernetes_pod_{}present_{}", kind, key), "true");
    };
    add("label", "app_kubernetes_io_name", name);
    add("label", "app_kubernetes_io_instance", name + "-main");
    add("label", "app_kubernetes_io_version", fmt::format("1.24.{}", app % 9));
    add("label", "pod_template_hash", hash);
    add("label", kOwn[app % kOwn.size()], fmt::format("team-{}", app % 40));
    add("annotation", "checksum_config", hex(16));
    add("annotation", kOwnAnnotations[app % kOwnAnnotations.size()], "true");
    if (app % 2 == 0) add("annotation", "profiles_grafana_com_cpu_port", "6060");
    if (app % 3 == 0) add("annotation", "profiles_grafana_com_cpu_scrape", "true");
    return Target::make(std::move(labels), layouts_);
  }

 private:
  static constexpr std::array kNames = {"checkout", "thumbnails", "recommender", "cart",     "payments",
                                        "search",   "inventory",  "mailer",      "frontend", "gateway"};
  static constexpr std::array kOwn = {"team", "owner", "tier", "component", "part_of"};
  static constexpr std::array kOwnAnnotations = {"prometheus_io_scrape", "sidecar_istio_io_inject",
                                                 "linkerd_io_inject"};

  std::string hex(std::size_t digits) {
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[random_() % 16];
    return text;
  }

  std::minstd_rand random_;
  discovery::LayoutTable layouts_;
};

double median(std::vector<double> figures) {
  std::ranges::sort(figures);
  return figures[figures.size() / 2];
}

double peak_mb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:") break;
  }
  double kb = 0;
  status >> kb;
  return kb / 1024;
}

std::string line(std::string_view what, const std::vector<double>& figures) {
  auto [least, most] = std::ranges::minmax(figures);
  return fmt::format("{:<32} {:7.2f} ms CPU ({:.2f} to {:.2f})\n", what, median(figures), least, most);
}

void run(std::size_t count, int times, int changes) {
  Cluster cluster;
  std::vector<TargetPtr> pods;
  std::size_t labels = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pods.push_back(cluster.pod(i, 0));
    labels += pods.back()->size();
  }
  fmt::print("{} targets of {:.1f} labels, 10 rules, {} times\n", count,
             static_cast<double>(labels) / static_cast<double>(count), times);
  fmt::print("{:<32} {:7.1f} MB peak RSS\n", "targets made", peak_mb());
  Targets all{TargetList::make(pods)};
  std::vector<double> first, changed, again;
  std::minstd_rand random(1);
  for (int time = 1; time <= times; ++time) {
    World world;
    first.push_back(world.pass(all));
    for (int change = 1; change <= changes; ++change) {
      auto some = pods;
      for (std::size_t i = 0; i < count / 100; ++i) {
        std::size_t number = random() % count;
        some[number] = cluster.pod(number, static_cast<std::size_t>(time * changes + change));
      }
      changed.push_back(world.pass({TargetList::make(std::move(some), *all.list)}));
    }
    if (time == times) fmt::print("{:<32} {:7} of them\n", "left by the rules", meeting().arrived.size());
  }
  fmt::print("{}{}", line("first pass", first), line("1 % changed", changed));
  fmt::print("{:<32} {:7.1f} MB peak RSS\n", "in all", peak_mb());
}

}  // namespace
}  // namespace weir::relabel

// relabel_bench [TARGETS [TIMES [CHANGES]]]
int main(int argc, char** argv) {
  weir::limit_malloc();
  std::size_t count = argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : 100'000;
  weir::relabel::run(count, argc > 2 ? std::atoi(argv[2]) : 9, argc > 3 ? std::atoi(argv[3]) : 1);
  return 0;
}
