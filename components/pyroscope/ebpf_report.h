// Debug info of pyroscope.ebpf, from what its session says.
#pragma once

#include <vector>

#include "components/pyroscope/ebpf_info.h"
#include "profile/collection.h"
#include "profiler/session.h"

namespace weir::pyroscope {

struct CacheRounds {
  std::uint64_t rounds = 3;   // cache_rounds
  std::uint64_t current = 0;  // windows that have ended
};

bool is_running(const profiler::ProcessInfo& process);
PidCacheInfo pid_cache_info(std::vector<profiler::ProcessInfo> processes, CacheRounds rounds);
ElfCacheInfo elf_cache_info(std::vector<profiler::SymbolFileInfo> files);
std::vector<UnwindInfo> unwind_infos(std::vector<profiler::ModuleUnwinding> modules);
CostInfo cost_info(const profile::CollectionStats& stats);
std::vector<LossInfo> loss_infos(const std::vector<profile::Loss>& losses);
SharedInfo shared_info(const profiler::MachineStats& stats);
// Of the first targets.
std::vector<std::map<std::string, std::string>> target_infos(const std::vector<profile::Labels>& targets);
// "x86_64", and what /proc/version says.
std::string machine_arch();
std::string machine_kernel();

}  // namespace weir::pyroscope
