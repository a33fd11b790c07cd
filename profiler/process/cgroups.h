// Cgroups: from the id that the kernel puts into a sample to a container.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bpf/cpu_sample.h"

namespace weir::profiler {

// Which of the machine's hierarchies tells containers apart.
struct CgroupHierarchy {
  cpu_sample_hierarchy kind = CPU_SAMPLE_UNIFIED;
  std::string controller;  // as /proc/PID/cgroup names it; "" for the unified one
  std::string mount;       // where it is mounted; "" when it is not
};

// From the contents of /proc/cgroups and /proc/self/mountinfo. A machine that still has controllers in
// version 1 makes its containers there.
CgroupHierarchy choose_hierarchy(std::string_view cgroups, std::string_view mountinfo);
CgroupHierarchy machine_hierarchy();

// Remembers the containers of `limit` cgroups; also of those that are gone. Not thread-safe.
class Cgroups {
 public:
  Cgroups(CgroupHierarchy hierarchy, std::size_t limit) : hierarchy_(std::move(hierarchy)), limit_(limit) {}

  // "" for a cgroup outside all containers; nullopt when it cannot be found out: the cgroup is gone, and
  // so is the process `pid` that was sampled in it.
  std::optional<std::string> container_of(std::uint64_t id, std::uint32_t pid, MonoTime now);
  // Of a process, by what /proc says now.
  std::string container_of_process(std::uint32_t pid) const;
  void each(const std::function<void(std::uint64_t id, const std::string& container)>& visit) const;
  // Ids that were pushed out since the last call: the kernel must ask for them again.
  std::vector<std::uint64_t> take_forgotten() { return std::exchange(forgotten_, {}); }
  void set_limit(std::size_t limit) { limit_ = limit; }
  std::size_t size() const { return known_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  struct Known {
    std::string container;
    std::uint64_t used = 0;
  };

  std::optional<std::string> path_of(std::uint64_t id, std::uint32_t pid, MonoTime now);
  void remember(std::uint64_t id, const std::string& container);

  CgroupHierarchy hierarchy_;
  std::size_t limit_;
  std::unordered_map<std::uint64_t, Known> known_;
  std::vector<std::uint64_t> forgotten_;
  std::uint64_t uses_ = 0;
  std::uint64_t evicted_ = 0;
  MonoTime next_walk_{};
};

}  // namespace weir::profiler
