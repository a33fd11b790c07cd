#include "components/pyroscope/ebpf_targets.h"

#include <unordered_map>

#include <fmt/core.h>

#include "base/number.h"
#include "components/discovery/container_label.h"

namespace weir::pyroscope {
namespace {

std::uint32_t pid_of(const discovery::Target& target) {
  return whole_number<std::uint32_t>(target.get(discovery::kPidLabel)).value_or(0);
}

// Labels of a target that say how it wishes to be profiled.
constexpr std::string_view kOptions = "__meta_pyroscope_ebpf_options_";

std::string_view option(const discovery::Target& target, std::string_view name) {
  return target.get(fmt::format("{}{}", kOptions, name));
}

// Labels that begin with "__" are for discovery only.
profile::Labels labels_of(const discovery::Target& target, const profiler::ProfiledTarget& profiled) {
  std::vector<profile::Labels::Pair> pairs{{"__name__", "process_cpu"},
                                           {"service_name", service_name_of(target)}};
  for (const auto& [name, value] : target.labels()) {
    bool kept = !name.starts_with("__") || name == "__name__" || name.starts_with(kOptions);
    if (kept && !value.empty()) pairs.emplace_back(name, value);
  }
  if (profiled.pid != 0) {
    pairs.emplace_back(discovery::kPidLabel, std::to_string(profiled.pid));
  } else if (!profiled.container_id.empty()) {
    pairs.emplace_back(discovery::kContainerIdLabel, profiled.container_id);
  }
  return profile::Labels(std::move(pairs));
}

}  // namespace

std::string service_name_of(const discovery::Target& target) {
  auto first_of = [&](std::initializer_list<std::string_view> names) -> std::string_view {
    for (auto name : names) {
      if (auto value = target.get(name); !value.empty()) return value;
    }
    return {};
  };
  auto given = first_of({"service_name", "__meta_kubernetes_pod_annotation_pyroscope_io_service_name"});
  if (!given.empty()) return std::string(given);
  std::string_view name_space = target.get("__meta_kubernetes_namespace");
  std::string_view container = target.get("__meta_kubernetes_pod_container_name");
  if (!name_space.empty() && !container.empty()) return fmt::format("ebpf/{}/{}", name_space, container);
  auto docker = first_of({"__meta_docker_container_name", "__meta_dockerswarm_container_label_service_name",
                          "__meta_dockerswarm_service_name"});
  return docker.empty() ? "unspecified" : std::string(docker);
}

profiler::Demangle demangle_mode(std::string_view word) {
  if (word == "simplified") return profiler::Demangle::simplified;
  if (word == "templates") return profiler::Demangle::templates;
  return word == "full" ? profiler::Demangle::full : profiler::Demangle::none;
}

std::optional<profile::Labels> default_labels(const std::map<std::string, std::string>& target,
                                              bool everything) {
  if (target.empty() && !everything) return std::nullopt;
  if (target.empty()) {
    return profile::Labels{{"__name__", "process_cpu"}, {"service_name", "ebpf/unspecified"}};
  }
  std::vector<discovery::Target::Label> labels(target.begin(), target.end());
  return labels_of(*discovery::Target::make(std::move(labels)), {});
}

ProfiledTargets profiled_targets(const discovery::Targets& targets) {
  ProfiledTargets profiled;
  std::unordered_map<std::string, std::size_t> places;  // by pid or container
  for (const auto& target : targets) {
    profiler::ProfiledTarget one{.pid = pid_of(*target)};
    if (one.pid == 0) one.container_id = discovery::container_id_of(*target);
    if (one.pid == 0 && one.container_id.empty()) {
      ++profiled.unusable;
      continue;
    }
    one.labels = labels_of(*target, one);
    if (auto word = option(*target, "collect_kernel"); !word.empty()) one.collect_kernel = word == "true";
    if (auto word = option(*target, "demangle"); !word.empty()) one.demangle = demangle_mode(word);
    std::string key = one.pid != 0 ? std::to_string(one.pid) : "container " + one.container_id;
    auto [place, fresh] = places.try_emplace(std::move(key), profiled.targets.size());
    if (fresh) {
      profiled.targets.push_back(std::move(one));
    } else {
      profiled.targets[place->second] = std::move(one);
    }
  }
  return profiled;
}

}  // namespace weir::pyroscope
