// What pyroscope.ebpf shows of itself.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "lang/field.h"

namespace weir::pyroscope {

struct ProfiledProcessInfo {
  std::uint64_t pid = 0;
  std::string comm, service, container_id;
  std::uint64_t mappings = 0, samples = 0;
  double complete_percent = 0;
  bool exited = false;

  static constexpr auto fields() {
    using I = ProfiledProcessInfo;
    return std::tuple{
        lang::optional("pid", &I::pid, "Its pid."),
        lang::optional("comm", &I::comm, "Its name, as the kernel has it."),
        lang::optional("service", &I::service, "The service its profiles belong to."),
        lang::optional("container_id", &I::container_id, "The container it runs in."),
        lang::optional("mappings", &I::mappings, "Files that are mapped executable."),
        lang::optional("samples", &I::samples, "Samples taken of it."),
        lang::optional("complete_percent", &I::complete_percent,
                       "Share of stacks that reach the start of the thread.")
            .unit("%"),
        lang::optional("exited", &I::exited, "It has ended."),
    };
  }
};

struct SymbolTableInfo {
  std::string file, build_id;
  std::uint64_t symbols = 0, bytes = 0;
  std::string error;

  static constexpr auto fields() {
    using I = SymbolTableInfo;
    return std::tuple{
        lang::optional("file", &I::file, "The file it was read from."),
        lang::optional("build_id", &I::build_id, "The file's build id."),
        lang::optional("symbols", &I::symbols, "How many functions it names."),
        lang::optional("bytes", &I::bytes, "Memory it takes.").unit("bytes"),
        lang::optional("error", &I::error, "Why it names none, or few: what was looked at."),
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
        lang::optional("reason", &I::reason, "Why samples were lost."),
        lang::optional("count", &I::count, "How many."),
        lang::optional("meaning", &I::meaning, "What that means, and what to do."),
    };
  }
};

struct EbpfInfo {
  std::uint64_t targets = 0, unusable_targets = 0, processes = 0, sessions = 0;
  std::uint64_t samples = 0, unselected_samples = 0, profiles = 0;
  std::vector<ProfiledProcessInfo> process_list;
  std::vector<SymbolTableInfo> symbol_tables;
  std::vector<LossInfo> losses;

  static constexpr auto fields() {
    using I = EbpfInfo;
    return std::tuple{
        lang::optional("targets", &I::targets, "Targets that name a process or a container."),
        lang::optional("unusable_targets", &I::unusable_targets, "Targets that name neither."),
        lang::optional("processes", &I::processes, "Processes that belong to a target."),
        lang::optional("sessions", &I::sessions, "Times the profiler was attached."),
        lang::optional("samples", &I::samples, "Samples taken for targets."),
        lang::optional("unselected_samples", &I::unselected_samples,
                       "Samples of processes that no target names."),
        lang::optional("profiles", &I::profiles, "Profiles handed over."),
        lang::block("process", &I::process_list, "The processes with the most samples."),
        lang::block("symbol_table", &I::symbol_tables, "The largest symbol tables kept."),
        lang::block("loss", &I::losses, "Samples lost, by reason."),
    };
  }
};

}  // namespace weir::pyroscope
