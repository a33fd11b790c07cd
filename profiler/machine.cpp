#include "profiler/machine.h"

#include <mutex>
#include <utility>

namespace weir::profiler {

Result<std::shared_ptr<Machine>> Machine::shared() {
  static std::mutex mutex;
  static std::weak_ptr<Machine> current;
  std::lock_guard lock(mutex);
  if (auto machine = current.lock()) return machine;
  auto arena = Arena::open();
  if (!arena) return fail(arena.error());
  std::shared_ptr<Machine> machine(new Machine(std::move(*arena)));
  current = machine;
  return machine;
}

namespace {

UnwindStats share_of(UnwindStats now, const UnwindStats& told, bool is_first) {
  now.loaded -= told.loaded;
  now.evicted -= told.evicted;
  now.refused_processes -= told.refused_processes;
  now.refused_rules -= told.refused_rules;
  for (std::size_t reason = 0; reason < kNoTableReasons; ++reason) now.failed[reason] -= told.failed[reason];
  if (is_first) return now;
  return {.loaded = now.loaded,
          .evicted = now.evicted,
          .refused_processes = now.refused_processes,
          .refused_rules = now.refused_rules,
          .failed = now.failed};
}

WatchedReadsStats share_of(WatchedReadsStats now, const WatchedReadsStats& told, bool is_first) {
  return {.hung = now.hung - told.hung,
          .left_alone = now.left_alone - told.left_alone,
          .returned = now.returned - told.returned,
          .hanging = is_first ? now.hanging : 0};
}

SymbolStats share_of(SymbolStats now, const SymbolStats& told) {
  return {.evicted_with_build_id = now.evicted_with_build_id - told.evicted_with_build_id,
          .evicted_by_inode = now.evicted_by_inode - told.evicted_by_inode};
}

}  // namespace

MachineReport Machine::report(UnwindTables::User user) {
  bool is_first = unwind_tables_.is_first(user);
  std::lock_guard lock(mutex_);
  MachineReport report{.all = {.unwinding = unwind_tables_.stats(),
                               .reads = reads_->stats(),
                               .symbols = symbol_files_->stats()}};
  report.share = {.unwinding = share_of(report.all.unwinding, told_.unwinding, is_first),
                  .reads = share_of(report.all.reads, told_.reads, is_first),
                  .symbols = share_of(report.all.symbols, told_.symbols)};
  told_ = report.all;
  return report;
}

}  // namespace weir::profiler
