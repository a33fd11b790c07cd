#include "components/pyroscope/ebpf_processes.h"

#include <utility>

namespace weir::pyroscope {
namespace {

const profiler::CgroupHierarchy& hierarchy() {
  static const auto kHierarchy = profiler::machine_hierarchy();
  return kHierarchy;
}

}  // namespace

TargetServices::TargetServices(const std::vector<profiler::ProfiledTarget>& targets) {
  for (const auto& target : targets) {
    std::string service(target.labels.get("service_name"));
    if (target.pid != 0) {
      by_pid_.emplace(target.pid, std::move(service));
    } else {
      by_container_.emplace(target.container_id, std::move(service));
    }
  }
}

std::optional<std::string> TargetServices::find(std::uint32_t pid, std::string_view container) const {
  if (auto found = by_pid_.find(pid); found != by_pid_.end()) return found->second;
  if (container.empty()) return std::nullopt;
  auto found = by_container_.find(std::string(container));
  return found == by_container_.end() ? std::nullopt : std::optional(found->second);
}

EbpfProcesses::EbpfProcesses(std::shared_ptr<const TargetServices> targets,
                             std::optional<std::string> otherwise, Processes processes)
    : targets_(std::move(targets)),
      otherwise_(std::move(otherwise)),
      processes_(std::move(processes)),
      cgroups_(hierarchy(), 0) {}

std::optional<std::string> EbpfProcesses::service_of(std::uint32_t pid, std::string_view container) const {
  auto service = targets_->find(pid, container);
  return service ? service : otherwise_;
}

EbpfProcesses::Processes collected_processes(const std::vector<profiler::ProcessInfo>& processes) {
  auto collected = std::make_shared<std::vector<profile::CollectedProcess>>();
  collected->reserve(processes.size());
  for (const auto& process : processes) {
    collected->push_back({.pid = process.pid,
                          .comm = process.comm,
                          .container_id = process.container_id,
                          .service = process.service,
                          .samples = process.samples,
                          .complete_samples = process.complete_samples,
                          .frames = process.naming.frames,
                          .named_frames = process.naming.named,
                          .unnamed = process.naming.unnamed,
                          .exited = process.exited,
                          .exited_unread = process.exited_unread,
                          .error = process.error});
  }
  return collected;
}

}  // namespace weir::pyroscope
