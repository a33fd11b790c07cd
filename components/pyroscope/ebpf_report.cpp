#include "components/pyroscope/ebpf_report.h"

#include <sys/utsname.h>

#include <algorithm>
#include <functional>

#include "base/file_system.h"
#include "base/own_usage.h"
#include "base/seconds.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kShown = 100;  // rows of a list

}  // namespace

bool is_running(const profiler::ProcessInfo& process) {
  return !process.exited && !process.service.empty();
}

PidCacheInfo pid_cache_info(std::vector<profiler::ProcessInfo> processes, CacheRounds rounds) {
  PidCacheInfo info{.current_round = rounds.current, .entries = {}};
  std::ranges::sort(processes, std::greater(), &profiler::ProcessInfo::samples);
  for (auto& process : processes) {
    ++(process.windows_unused > rounds.rounds ? info.lru_size : info.round_size);
    if (info.entries.size() == kShown) continue;
    auto samples = static_cast<double>(process.samples);
    auto complete = static_cast<double>(process.complete_samples);
    info.entries.push_back({
        .pid = process.pid,
        .comm = std::move(process.comm),
        .service = std::move(process.service),
        .container_id = std::move(process.container_id),
        .size = process.mappings,
        .samples = process.samples,
        .complete_percent = process.samples == 0 ? 0 : complete * 100 / samples,
        .last_used_round = rounds.current - std::min(rounds.current, process.windows_unused),
        .exited = process.exited,
        .error = std::move(process.error),
    });
  }
  return info;
}

ElfCacheInfo elf_cache_info(std::vector<profiler::SymbolFileInfo> files) {
  ElfCacheInfo info;
  std::ranges::sort(files, std::greater(), &profiler::SymbolFileInfo::bytes);
  for (auto& file : files) {
    SymbolCacheInfo& cache = file.build_id.empty() ? info.same_file_cache : info.build_id_cache;
    ++cache.size;
    if (cache.entries.size() == kShown) continue;
    cache.entries.push_back({.file = std::move(file.file),
                             .build_id = std::move(file.build_id),
                             .symbol_count = file.symbols,
                             .bytes = file.bytes,
                             .error = std::move(file.error)});
  }
  return info;
}

std::vector<UnwindInfo> unwind_infos(std::vector<profiler::ModuleUnwinding> modules) {
  std::vector<UnwindInfo> infos;
  std::ranges::sort(modules, std::greater(), &profiler::ModuleUnwinding::stacks);
  for (auto& module : modules) {
    if (infos.size() == kShown) break;
    std::vector<UnwindEndInfo> ends;
    for (auto& end : module.ended) ends.push_back({std::move(end.reason), end.stacks});
    auto stacks = static_cast<double>(module.stacks);
    infos.push_back({
        .file = std::move(module.file),
        .build_id = std::move(module.build_id),
        .stacks = module.stacks,
        .complete_percent = module.stacks == 0 ? 0 : static_cast<double>(module.complete) * 100 / stacks,
        .rows = module.rows,
        .bytes = module.bytes,
        .error = std::move(module.error),
        .ends = std::move(ends),
    });
  }
  return infos;
}

CostInfo cost_info(const profile::CollectionStats& stats) {
  CpuTime own = own_cpu_time();
  return {.user_seconds = in_seconds(own.user),
          .system_seconds = in_seconds(own.system),
          .kernel_seconds = in_seconds(stats.kernel_time),
          .memory = own_resident_bytes(),
          .map_bytes = stats.map_bytes,
          .degraded = stats.degraded};
}

std::vector<LossInfo> loss_infos(const std::vector<profile::Loss>& losses) {
  std::vector<LossInfo> infos;
  for (const auto& loss : losses)
    infos.push_back({.reason = loss.reason, .count = loss.count, .meaning = loss.meaning});
  return infos;
}

SharedInfo shared_info(const profiler::MachineStats& stats) {
  const profiler::UnwindStats& unwinding = stats.unwinding;
  const profiler::WatchedReadsStats& reads = stats.reads;
  SharedInfo info;
  info.unwind_tables = {.ready = unwinding.tables,
                        .pending = unwinding.pending,
                        .no_room = unwinding.no_room,
                        .processes = unwinding.processes,
                        .bytes = unwinding.bytes,
                        .byte_limit = unwinding.byte_limit,
                        .kernel_bytes = unwinding.kernel_bytes,
                        .made = unwinding.loaded,
                        .evicted = unwinding.evicted,
                        .refused_processes = unwinding.refused_processes,
                        .refused_rules = unwinding.refused_rules};
  for (const auto& [why, times] : profiler::failures(unwinding)) {
    if (times != 0) info.unwind_tables.failures.push_back({std::string(why), times});
  }
  info.reads = {.hung = reads.hung,
                .left_alone = reads.left_alone,
                .returned = reads.returned,
                .hanging = reads.hanging};
  return info;
}

std::vector<std::map<std::string, std::string>> target_infos(const std::vector<profile::Labels>& targets) {
  std::vector<std::map<std::string, std::string>> infos;
  for (const auto& labels : targets) {
    if (infos.size() == kShown) break;
    infos.emplace_back(labels.pairs().begin(), labels.pairs().end());
  }
  return infos;
}

std::string machine_arch() {
  utsname name{};
  return uname(&name) == 0 ? name.machine : "";
}

std::string machine_kernel() {
  auto text = read_file("/proc/version", 4096).value_or("");
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace weir::pyroscope
