// Reading /proc into targets, one for each process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "base/result.h"
#include "components/discovery/target.h"
#include "lang/field.h"
#include "profiler/process/watched_reads.h"

namespace weir::discovery {

// Block discover_config: what to read of each process.
struct ProcessFacts {
  bool exe = true;
  bool cwd = true;
  bool commandline = false;
  bool container_id = true;
  bool username = false;
  bool uid = false;
  bool cgroup_path = false;

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("exe", &ProcessFacts::exe, "Label __meta_process_exe, the program's path."),
        lang::optional("cwd", &ProcessFacts::cwd, "Label __meta_process_cwd, the working directory."),
        lang::optional(
            "commandline", &ProcessFacts::commandline,
            "Label __meta_process_commandline, the arguments joined by blanks. Off unless asked "
            "for, because arguments often hold passwords and every reader of the page sees labels."),
        lang::optional("container_id", &ProcessFacts::container_id,
                       "Label __container_id__, of the container that the process runs in."),
        lang::optional("username", &ProcessFacts::username,
                       "Label __meta_process_username, the name of the process' user."),
        lang::optional("uid", &ProcessFacts::uid, "Label __meta_process_uid, the number of its user."),
        lang::optional("cgroup_path", &ProcessFacts::cgroup_path,
                       "Label __meta_process_cgroup_path, its control groups joined by a bar."),
    };
  }
  bool operator==(const ProcessFacts&) const = default;
};

struct FoundProcess {
  TargetPtr target;         // null: left out (a kernel thread, or gone meanwhile)
  std::string error;        // why it, or some of it, could not be read, where that is not ordinary
  bool settled = false;     // was there at an earlier scan already
  std::uint64_t inode = 0;  // of its directory
};

using FoundProcesses = std::map<std::uint32_t, FoundProcess>;  // by pid

enum class ScanDepth {
  everything,  // reads every process again
  news,        // only those that were not there, or only just there, before
};

struct ScanRequest {
  std::filesystem::path proc;
  ProcessFacts facts;
  ScanDepth depth = ScanDepth::everything;
  std::set<std::uint32_t> programs;  // pids to be read again in any case
  std::shared_ptr<profiler::WatchedReads> reads;
};

// Fails only when /proc itself cannot be listed.
Result<FoundProcesses> scan_processes(const ScanRequest& request, const FoundProcesses& before);

}  // namespace weir::discovery
