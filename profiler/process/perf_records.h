// Reading records of a perf event's ring: what processes began, ended and mapped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace weir::profiler {

struct MapEvent {
  std::uint64_t start = 0;
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;
  std::uint64_t device = 0;  // as makedev() gives it; 0 when the record carries a build id instead
  std::uint64_t inode = 0;
  bool executable = false;
  std::string build_id;  // lower-case hex; empty when the record has none
  std::string path;
};

struct ExecEvent {
  std::string comm;
};

struct CommEvent {
  std::string comm;
};

struct ForkEvent {
  std::uint32_t parent = 0;
};

struct ExitEvent {};

struct LostEvent {
  std::uint64_t count = 0;
};

struct ProcessEvent {
  std::uint64_t time = 0;      // CLOCK_MONOTONIC, ns
  std::uint64_t sequence = 0;  // of one reading: keeps records of one time in order
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;
  std::variant<std::monostate, MapEvent, ExecEvent, CommEvent, ForkEvent, ExitEvent, LostEvent> what;
};

// The bytes of whole records, each followed by {pid, tid, time} as sample_id_all with TID and TIME
// writes it. Calls `each` for those that matter here; false when the bytes are not records.
bool parse_perf_records(std::string_view bytes, const std::function<void(ProcessEvent)>& each);

}  // namespace weir::profiler
