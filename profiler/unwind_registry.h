// UnwindRegistry: keeps the unwind tables' picture of the processes that one
// session samples: who they are, and what they map.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "base/duration.h"
#include "profiler/machine.h"
#include "profiler/process/table.h"
#include "profiler/sampler.h"

namespace weir::profiler {

struct UnwindLimits {
  std::size_t bytes = 0;      // of tables in the kernel
  std::size_t processes = 0;  // registered at once
};

// Not thread-safe.
class UnwindRegistry {
 public:
  // Whether somebody wants a process.
  using IsChosen = std::function<bool(std::uint32_t pid, std::string_view container)>;

  UnwindRegistry(std::shared_ptr<Machine> machine, ProcessTable& table, IsChosen is_chosen,
                 UnwindLimits limits);
  ~UnwindRegistry();
  UnwindRegistry(const UnwindRegistry&) = delete;
  UnwindRegistry& operator=(const UnwindRegistry&) = delete;

  void set_limits(UnwindLimits limits);

  // It will be sampled: everything should be there by then.
  void expect(std::uint32_t pid);
  void sampled(const Process& process, const SampleView& sample);
  // Of an event that the process table knows already.
  void happened(const ProcessEvent& event);
  // Brings the kernel up to date, and makes tables for a while. `seen`: CLOCK_MONOTONIC, ns, up to which
  // events were taken. True: tables are left to make.
  bool update(std::uint64_t seen);
  // Lets go of those that nobody wants any more.
  void drop_unchosen();
  // … and of those that have ended.
  void end_window();

  // Times in a window that a chosen process was not registered, for there are as many as may be. Since the
  // start.
  std::uint64_t overflow() const { return overflow_; }
  const UnwindTables& tables() const { return machine_->unwind_tables(); }
  UnwindTables::User user() const { return user_; }

 private:
  void refresh(std::uint32_t pid, std::uint64_t seen);
  void drop(std::uint32_t pid);

  std::shared_ptr<Machine> machine_;
  ProcessTable& table_;
  IsChosen is_chosen_;
  UnwindLimits limits_;
  UnwindTables::User user_;
  std::unordered_set<std::uint32_t> registered_;
  std::unordered_set<std::uint32_t> changed_;  // to be registered, or told anew
  std::unordered_set<std::uint32_t> waiting_;  // their stacks ended for want of a table
  std::unordered_set<std::uint32_t> refused_;  // in this window
  std::uint64_t overflow_ = 0;
};

}  // namespace weir::profiler
