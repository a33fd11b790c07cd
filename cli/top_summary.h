// What weir top shows of one interval: who used the CPUs, by process, function and container.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "profile/profile.h"
#include "profiler/session.h"

namespace weir::cli {

enum class TopKind : std::uint8_t { processes, functions, containers };
inline constexpr std::size_t kTopKinds = 3;

struct TopRow {
  double cpu = 0;    // CPUs used: 1 is one CPU all the time; of a function itself
  double total = 0;  // of a function with what it calls
  std::uint32_t pid = 0;
  std::size_t processes = 0;  // in the container
  std::string name;
  std::string detail;   // module of a function, container of a process
  std::string busiest;  // function of a process or a container
};

// What came of an interval.
struct TopInterval {
  WallTime time;
  Duration length{};
  std::uint64_t lost = 0;  // samples, in it
  std::size_t cpus = 1;
  std::vector<profile::ProfilePtr> profiles;  // samples carry the label "pid"
  std::vector<profiler::ProcessInfo> processes;
};

struct TopSummary {
  WallTime time;
  Duration length{};
  std::uint64_t samples = 0;
  std::uint64_t lost = 0;
  std::size_t cpus = 1;
  double cpu = 0;
  std::array<std::vector<TopRow>, kTopKinds> rows;  // by TopKind; the busiest first

  const std::vector<TopRow>& of(TopKind kind) const { return rows[static_cast<std::size_t>(kind)]; }
};

TopSummary summarize(const TopInterval& interval);

}  // namespace weir::cli
