// What weir does with each process of the machine, and why.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/snapshot.h"
#include "web/process_meter.h"

namespace weir::web {

enum class ProcessFate : std::uint8_t {
  profiled,
  names_missing,  // profiled, but much of its code has no names
  waiting,        // a target takes it, but no sample of it has come
  left_out,       // a component has found it, but no target takes it
  no_target,      // nobody has found it
  exited_unread,  // sampled, and gone before it could be read what of
};
inline constexpr std::size_t kProcessFates = 6;
std::string_view to_string(ProcessFate fate);

struct ProcessRow {
  std::uint32_t pid = 0;
  std::string comm, container;
  ProcessFate fate = ProcessFate::no_target;
  std::string why;                    // sentences; empty where all is well
  std::string service;                // whose profiles it is part of
  std::string collector;              // the component that profiles it
  std::vector<std::string> found_by;  // components, for those that nobody profiles
  double cpu_percent = 0;             // of one CPU
  double cpu_seconds = 0;
  std::uint64_t samples = 0, complete_samples = 0;
  std::uint64_t frames = 0, named_frames = 0;
  bool exited = false;
};

// Those that have used CPU; of those that have ended, what was sampled.
std::vector<ProcessRow> list_processes(const runtime::Snapshot& snapshot, const ProcessUse& use);

}  // namespace weir::web
