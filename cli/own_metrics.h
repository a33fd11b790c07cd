// Metrics of the program itself, by the names that other programs have for theirs.
#pragma once

#include "base/metrics.h"

namespace weir::cli {

namespace own_metric {

using enum MetricInfo::Kind;

inline constexpr MetricInfo kBuildInfo{"weir_build_info", gauge, "1; which weir this is.", "version"};
inline constexpr MetricInfo kTurnedAway{"weir_http_turned_away_total", counter,
                                        "Requests and connections the HTTP server refused itself, by reason.",
                                        "reason"};
inline constexpr MetricInfo kCpu{"process_cpu_seconds_total", counter,
                                 "CPU time of weir, of all its threads, in user space and in the kernel."};
inline constexpr MetricInfo kMemory{"process_resident_memory_bytes", gauge, "Memory that weir takes."};
inline constexpr MetricInfo kStart{"process_start_time_seconds", gauge, "When weir was started."};

inline constexpr MetricInfo kAll[] = {kBuildInfo, kTurnedAway, kCpu, kMemory, kStart};

}  // namespace own_metric

// Of a weir that has just started; all but what is turned away.
void add_own_metrics(MetricRegistry& metrics);

}  // namespace weir::cli
