// What pyroscope.ebpf shows of itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "components/pyroscope/ebpf_shared_info.h"
#include "lang/field.h"

namespace weir::pyroscope {

struct PidCacheEntry {
  std::uint64_t pid = 0;
  std::string comm, service, container_id;
  std::uint64_t size = 0, samples = 0;
  double complete_percent = 0;
  std::uint64_t last_used_round = 0;
  bool exited = false;
  std::string error;

  static constexpr auto fields() {
    using I = PidCacheEntry;
    return std::tuple{
        lang::optional("pid", &I::pid, "Its pid."),
        lang::optional("comm", &I::comm, "Its name, as the kernel has it."),
        lang::optional("service", &I::service, "The service its profiles belong to."),
        lang::optional("container_id", &I::container_id, "The container it runs in."),
        lang::optional("size", &I::size, "Files that are mapped executable."),
        lang::optional("samples", &I::samples, "Samples taken of it."),
        lang::optional("complete_percent", &I::complete_percent,
                       "Share of stacks that reach the start of the thread.")
            .unit("%"),
        lang::optional("last_used_round", &I::last_used_round, "The window it was sampled in last."),
        lang::optional("exited", &I::exited, "It has ended."),
        lang::optional("error", &I::error, "Why its mappings are not known."),
    };
  }
};

struct PidCacheInfo {
  std::uint64_t lru_size = 0, round_size = 0, current_round = 0, overflow = 0, evicted = 0;
  std::vector<PidCacheEntry> entries;

  static constexpr auto fields() {
    using I = PidCacheInfo;
    return std::tuple{
        lang::optional("lru_size", &I::lru_size, "Processes not sampled in the last cache_rounds windows."),
        lang::optional("round_size", &I::round_size, "Processes sampled in them."),
        lang::optional("current_round", &I::current_round, "How many windows have ended."),
        lang::optional("overflow", &I::overflow,
                       "How often, once a window each, a process's stacks were not followed by unwind "
                       "tables because pid_map_size processes' were already."),
        lang::optional("evicted", &I::evicted, "Processes forgotten to make room."),
        lang::block("entry", &I::entries, "The processes with the most samples."),
    };
  }
};

struct ElfCacheEntry {
  std::string file, build_id;
  std::uint64_t symbol_count = 0, bytes = 0;
  std::string error;

  static constexpr auto fields() {
    using I = ElfCacheEntry;
    return std::tuple{
        lang::optional("file", &I::file, "The file it was read from."),
        lang::optional("build_id", &I::build_id, "The file's build id."),
        lang::optional("symbol_count", &I::symbol_count, "How many functions it names."),
        lang::optional("bytes", &I::bytes, "Memory it takes.").unit("bytes"),
        lang::optional("error", &I::error, "Why it names none, or few: what was looked at."),
    };
  }
};

struct SymbolCacheInfo {
  std::uint64_t size = 0, evicted = 0;
  std::vector<ElfCacheEntry> entries;

  static constexpr auto fields() {
    using I = SymbolCacheInfo;
    return std::tuple{
        lang::optional("size", &I::size, "How many symbol tables there are."),
        lang::optional("evicted", &I::evicted, "Tables forgotten to make room."),
        lang::block("entry", &I::entries, "The largest of them."),
    };
  }
};

struct ElfCacheInfo {
  SymbolCacheInfo build_id_cache, same_file_cache;

  static constexpr auto fields() {
    using I = ElfCacheInfo;
    return std::tuple{
        lang::block("build_id_cache", &I::build_id_cache, "Symbol tables of files with a build id."),
        lang::block("same_file_cache", &I::same_file_cache, "Symbol tables of files without."),
    };
  }
};

struct LossInfo {
  std::string reason;
  std::uint64_t count = 0;
  std::string meaning;

  static constexpr auto fields() {
    using I = LossInfo;
    return std::tuple{
        lang::optional("reason", &I::reason, "The reason, as in the metrics."),
        lang::optional("count", &I::count, "How many."),
        lang::optional("meaning", &I::meaning, "What that means, and what to do."),
    };
  }
};

struct UnwindEndInfo {
  std::string reason;
  std::uint64_t stacks = 0;

  static constexpr auto fields() {
    using I = UnwindEndInfo;
    return std::tuple{
        lang::optional("reason", &I::reason, "Why they end here."),
        lang::optional("stacks", &I::stacks, "How many."),
    };
  }
};

struct UnwindInfo {
  std::string file, build_id;
  std::uint64_t stacks = 0;
  double complete_percent = 0;
  std::uint64_t rows = 0, bytes = 0;
  std::string error;
  std::vector<UnwindEndInfo> ends;

  static constexpr auto fields() {
    using I = UnwindInfo;
    return std::tuple{
        lang::optional("file", &I::file, "The file."),
        lang::optional("build_id", &I::build_id, "Its build id."),
        lang::optional("stacks", &I::stacks, "Samples with a frame in the file."),
        lang::optional("complete_percent", &I::complete_percent,
                       "Share of these whose stack reaches the start of the thread.")
            .unit("%"),
        lang::optional("rows", &I::rows, "Rows of its unwind table."),
        lang::optional("bytes", &I::bytes, "Memory the table takes in the kernel.").unit("bytes"),
        lang::optional("error", &I::error, "Why it has no table."),
        lang::block("ended", &I::ends, "Stacks that end in the file, though no thread begins there."),
    };
  }
};

struct CostInfo {
  double user_seconds = 0, system_seconds = 0, kernel_seconds = 0;
  std::uint64_t memory = 0, map_bytes = 0;
  std::string degraded;

  static constexpr auto fields() {
    using I = CostInfo;
    return std::tuple{
        lang::optional("user_seconds", &I::user_seconds, "CPU time of all of weir in user mode.").unit("s"),
        lang::optional("system_seconds", &I::system_seconds, "CPU time of all of weir in its system calls.")
            .unit("s"),
        lang::optional("kernel_seconds", &I::kernel_seconds,
                       "CPU time of this block's program in the kernel, taken from who was sampled.")
            .unit("s"),
        lang::optional("memory", &I::memory, "Memory of all of weir.").unit("bytes"),
        lang::optional("map_bytes", &I::map_bytes, "Memory of this block's maps in the kernel.")
            .unit("bytes"),
        lang::optional("degraded", &I::degraded, "What is given up now to keep memory_limit."),
    };
  }
};

struct EbpfInfo {
  std::vector<std::map<std::string, std::string>> targets;
  std::uint64_t active_targets = 0, unusable_targets = 0, processes = 0, sessions = 0;
  std::uint64_t samples = 0, unselected_samples = 0, profiles = 0;
  std::string arch, kernel;
  PidCacheInfo pid_cache;
  ElfCacheInfo elf_cache;
  std::vector<LossInfo> losses;
  std::uint64_t evicted_container_ids = 0, lost_events = 0, complete_stacks = 0;
  std::vector<LossInfo> incomplete;
  std::vector<UnwindInfo> unwinding;
  SharedInfo shared;
  CostInfo cost;

  static constexpr auto fields() {
    using I = EbpfInfo;
    return std::tuple{
        lang::optional("targets", &I::targets, "Labels of the first targets, those that name a process too."),
        lang::optional("active_targets", &I::active_targets, "Targets that name a process or a container."),
        lang::optional("unusable_targets", &I::unusable_targets, "Targets that name neither."),
        lang::optional("processes", &I::processes, "Processes that run and belong to a target."),
        lang::optional("sessions", &I::sessions, "Times the profiler was attached."),
        lang::optional("samples", &I::samples, "Samples taken for targets."),
        lang::optional("unselected_samples", &I::unselected_samples,
                       "Samples of processes that no target names."),
        lang::optional("profiles", &I::profiles, "Profiles handed over."),
        lang::optional("arch", &I::arch, "The machine's architecture."),
        lang::optional("kernel", &I::kernel, "The kernel's version."),
        lang::block("pid_cache", &I::pid_cache, "Processes and their mappings."),
        lang::block("elf_cache", &I::elf_cache, "Symbol tables."),
        lang::optional("evicted_container_ids", &I::evicted_container_ids,
                       "Container ids forgotten to make room."),
        lang::optional(
            "lost_events", &I::lost_events,
            "Events of what processes map that were lost: their mappings are read from /proc again."),
        lang::block("loss", &I::losses, "Samples lost, by reason."),
        lang::optional("complete_stacks", &I::complete_stacks,
                       "Samples of windows that ended whose stack reaches the start of the thread."),
        lang::block("incomplete", &I::incomplete, "Samples whose stack does not, by where it ends."),
        lang::block("unwind", &I::unwinding, "How well stacks are followed, by file."),
        lang::block("shared", &I::shared, "What all such blocks share; the same in each."),
        lang::block("cost", &I::cost, "What profiling costs."),
    };
  }
};

}  // namespace weir::pyroscope
