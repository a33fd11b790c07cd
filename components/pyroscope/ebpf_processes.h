// What pyroscope.ebpf says of processes to those who ask by its service.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "profile/process_report.h"
#include "profiler/process/cgroups.h"
#include "profiler/session.h"

namespace weir::pyroscope {

// The service of each target.
class TargetServices {
 public:
  TargetServices() = default;
  explicit TargetServices(const std::vector<profiler::ProfiledTarget>& targets);

  // By the pid first, then by the container.
  std::optional<std::string> find(std::uint32_t pid, std::string_view container) const;

 private:
  std::unordered_map<std::uint32_t, std::string> by_pid_;
  std::unordered_map<std::string, std::string> by_container_;
};

// Immutable: another is offered when something changes.
class EbpfProcesses final : public profile::ProcessReport {
 public:
  using Processes = std::shared_ptr<const std::vector<profile::CollectedProcess>>;

  // `otherwise`: the service of what no target names; nullopt: that is not profiled.
  EbpfProcesses(std::shared_ptr<const TargetServices> targets, std::optional<std::string> otherwise,
                Processes processes);

  const std::vector<profile::CollectedProcess>& processes() const override { return *processes_; }
  std::optional<std::string> service_of(std::uint32_t pid, std::string_view container) const override;
  std::string container_of(std::uint32_t pid) const override { return cgroups_.container_of_process(pid); }

 private:
  std::shared_ptr<const TargetServices> targets_;
  std::optional<std::string> otherwise_;
  Processes processes_;
  profiler::Cgroups cgroups_;
};

EbpfProcesses::Processes collected_processes(const std::vector<profiler::ProcessInfo>& processes);

}  // namespace weir::pyroscope
