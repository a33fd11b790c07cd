// ProcessTable: the processes of the machine, their names and mappings, as the
// kernel reports them; also for a while after they have ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/naming.h"
#include "profiler/process/module.h"
#include "profiler/process/modules.h"
#include "profiler/process/perf_records.h"

namespace weir::profiler {

struct Process {
  std::uint32_t pid = 0;
  std::string comm;
  std::string container_id;
  MappingTable mappings;
  bool known = false;  // its mappings were seen from exec on, or read
  bool exited = false;
  bool gone = false;       // it had ended before its mappings could be read
  std::string unreadable;  // why they cannot be read, though it lives: it holds who reads them
  bool container_read = false;
  bool admitted = false;    // it counts among those that are profiled
  bool registered = false;  // for unwinding: its mappings must stay known
  std::uint64_t samples = 0;
  std::uint64_t complete_samples = 0;
  Naming naming;  // of the last profile that it is part of

  std::uint64_t start_time = 0;  // ticks since boot; 0: not read yet
  std::uint64_t read_time = 0;   // CLOCK_MONOTONIC, ns: older events are in what was read
  std::uint64_t exit_time = 0;   // of its leader, CLOCK_MONOTONIC, ns
  std::uint64_t next_read = 0;   // … and not to be read again before
  int vain_reads = 0;            // in a row, in which the address looked for was not
  std::uint64_t last_use = 0;    // window of the last sample or event
};

// Kept are those used in the last `rounds` windows, and `entries` of those used before.
struct ProcessTableLimits {
  std::size_t entries = 32;
  std::uint64_t rounds = 3;
};

// Not thread-safe. Times are CLOCK_MONOTONIC in ns.
class ProcessTable {
 public:
  explicit ProcessTable(ProcessTableLimits limits,
                        std::shared_ptr<WatchedReads> reads = WatchedReads::create())
      : limits_(limits), reads_(std::move(reads)), modules_(reads_) {}

  void apply(const ProcessEvent& event);
  // The process of a sample, with its mappings read if they are not known yet.
  Process& sampled(std::uint32_t pid, std::uint64_t now);
  // Where an address of the process lies; reads the mappings again (not too often) when nowhere.
  const ProcessMapping* find_mapping(Process& process, std::uint64_t address, std::uint64_t now);
  const Process* find(std::uint32_t pid) const;
  void admit(Process& process);
  // How many running processes are admitted; those that left without notice count until the window's end.
  std::size_t admitted() const { return admitted_; }
  Process* find(std::uint32_t pid) {
    return const_cast<Process*>(
        std::as_const(*this).find(pid));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
  // Stacks of the process turned out, by their names, to be complete.
  void add_complete(std::uint32_t pid, std::uint64_t samples);
  void set_naming(std::uint32_t pid, const Naming& naming);
  // Events were lost: reads mappings again when a process is sampled next.
  void distrust();

  // Forgets processes that ended some windows ago, and those beyond the limits.
  void end_window();
  void set_limits(ProcessTableLimits limits) { limits_ = limits; }
  // Every process that was sampled, those that have ended too.
  std::vector<const Process*> sampled_processes() const;
  std::size_t size() const { return by_pid_.size(); }
  std::uint64_t windows_unused(const Process& process) const { return window_ - process.last_use; }
  std::uint64_t evicted() const { return evicted_; }

 private:
  void begin(const ProcessEvent& event, const ExecEvent& exec);
  void add_mapping(Process& process, const MapEvent& map);
  void fork(const ProcessEvent& event, const ForkEvent& fork);
  void retire(std::uint32_t pid);
  void read_mappings(Process& process, std::uint64_t now);
  void check_exit(Process& process, std::uint64_t now);
  void evict_unused();
  void evict_worst();
  Process& make(std::uint32_t pid);

  ProcessTableLimits limits_;
  std::uint64_t window_ = 0;
  std::uint64_t evicted_ = 0;
  std::shared_ptr<WatchedReads> reads_;
  std::size_t admitted_ = 0;
  Modules modules_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Process>> by_pid_;
  // Ended processes whose number was given away again: only their counts are still of interest.
  std::vector<std::unique_ptr<Process>> retired_;
};

// CLOCK_MONOTONIC, ns.
std::uint64_t monotonic_ns();

}  // namespace weir::profiler
