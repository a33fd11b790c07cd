// Machine: what all sessions of this process have in common, for there is one
// machine: symbol tables, unwind tables in the kernel's memory,
// and the threads that read foreign files.
#pragma once

#include <memory>
#include <mutex>

#include "base/result.h"
#include "profiler/machine_stats.h"
#include "profiler/process/watched_reads.h"
#include "profiler/symbols/symbol_files.h"
#include "profiler/unwind/unwind_tables.h"

namespace weir::profiler {

class Machine {
 public:
  // Made for the first who asks, and kept as long as somebody has it. Any thread. Fails when the kernel
  // refuses the maps.
  static Result<std::shared_ptr<Machine>> shared();

  const std::shared_ptr<WatchedReads>& reads() const { return reads_; }
  const std::shared_ptr<SymbolFiles>& symbol_files() const { return symbol_files_; }
  UnwindTables& unwind_tables() { return unwind_tables_; }
  const UnwindTables& unwind_tables() const { return unwind_tables_; }

  // As the session that is this user of the unwind tables tells it.
  MachineReport report(UnwindTables::User user);

 private:
  explicit Machine(std::unique_ptr<Arena> arena) : unwind_tables_(std::move(arena), reads_) {}

  std::shared_ptr<WatchedReads> reads_ = WatchedReads::create();
  std::shared_ptr<SymbolFiles> symbol_files_ = std::make_shared<SymbolFiles>(reads_);
  UnwindTables unwind_tables_;
  std::mutex mutex_;   // guards told_
  MachineStats told_;  // to any session
};

}  // namespace weir::profiler
