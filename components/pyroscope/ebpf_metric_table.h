// Names and meanings of the metrics of pyroscope.ebpf.
#pragma once

#include "base/metrics.h"

namespace weir::pyroscope::metric {

using enum MetricInfo::Kind;

// The peer's.
inline constexpr MetricInfo kActiveTargets{"pyroscope_ebpf_active_targets", gauge,
                                           "Targets that name a process or a container."};
inline constexpr MetricInfo kSessions{"pyroscope_ebpf_profiling_sessions_total", counter,
                                      "Windows that ended with their profiles handed over."};
inline constexpr MetricInfo kFailing{"pyroscope_ebpf_profiling_sessions_failing_total", counter,
                                     "Times the profiler could not be attached, or not be changed."};
inline constexpr MetricInfo kFanout{"pyroscope_fanout_latency", histogram,
                                    "Seconds that handing a profile to all receivers took."};
inline constexpr MetricInfo kPprofs{"pyroscope_ebpf_pprofs_total", counter, "Profiles handed over.",
                                    "service_name"};
inline constexpr MetricInfo kPprofSamples{"pyroscope_ebpf_pprof_samples_total", counter,
                                          "Samples in these profiles.", "service_name"};
inline constexpr MetricInfo kPprofBytes{"pyroscope_ebpf_pprof_bytes_total", counter,
                                        "Bytes of these profiles as pprof, compressed, where one was sent.",
                                        "service_name"};
inline constexpr MetricInfo kKnown{"pyroscope_symtab_known_symbols_total", counter,
                                   "Frames of distinct stacks that have a name.", "service_name"};
inline constexpr MetricInfo kUnknownSymbols{"pyroscope_symtab_unknown_symbols_total", counter,
                                            "Frames without a name, in a file that is known.",
                                            "service_name"};
inline constexpr MetricInfo kUnknownModules{"pyroscope_symtab_unknown_modules_total", counter,
                                            "Frames in no file that is known.", "service_name"};
inline constexpr MetricInfo kUnknownStacks{"pyroscope_symtab_unknown_stacks_total", counter,
                                           "Distinct stacks most of whose frames have no name.",
                                           "service_name"};
inline constexpr MetricInfo kElfErrors{"pyroscope_symtab_elf_errors_total", counter,
                                       "Files of symbols that could not be read, by error.", "error"};
inline constexpr MetricInfo kProcErrors{"pyroscope_symtab_proc_errors_total", counter,
                                        "Processes whose mappings could not be read, by error.", "error"};

// Ours.
inline constexpr MetricInfo kLost{"pyroscope_ebpf_lost_samples_total", counter, "Samples lost, by reason.",
                                  "reason"};
inline constexpr MetricInfo kComplete{"pyroscope_ebpf_complete_stacks_total", counter,
                                      "Samples whose stack reaches the start of the thread."};
inline constexpr MetricInfo kIncomplete{"pyroscope_ebpf_incomplete_stacks_total", counter,
                                        "Samples whose stack does not, by where it ends.", "reason"};
inline constexpr MetricInfo kLostEvents{
    "pyroscope_ebpf_lost_events_total", counter,
    "Events of what processes map that were lost: their mappings are read from /proc again."};
inline constexpr MetricInfo kEvictions{"pyroscope_ebpf_cache_evictions_total", counter,
                                       "What a cache had no room for any more: pid, container_id, build_id, "
                                       "same_file. The last two are shared by all blocks.",
                                       "cache"};
// Of what all blocks share each tells its part, so that sums are right.
inline constexpr MetricInfo kTables{"pyroscope_ebpf_unwind_tables", gauge,
                                    "Unwind tables of files, by state: ready, pending, no_room. All blocks "
                                    "share them; one tells of all.",
                                    "state"};
inline constexpr MetricInfo kTableBytes{"pyroscope_ebpf_unwind_bytes", gauge,
                                        "Bytes of the kernel's memory that they take."};
inline constexpr MetricInfo kTableLimit{"pyroscope_ebpf_unwind_limit_bytes", gauge,
                                        "Bytes that they may take."};
inline constexpr MetricInfo kTablesMade{"pyroscope_ebpf_unwind_tables_made_total", counter,
                                        "Unwind tables made."};
inline constexpr MetricInfo kTablesEvicted{"pyroscope_ebpf_unwind_tables_evicted_total", counter,
                                           "Unwind tables given up to make room."};
inline constexpr MetricInfo kUnwindFailures{
    "pyroscope_ebpf_unwind_failures_total", counter,
    "What stacks cannot be followed by tables for, by reason: a file without a table (no_eh_frame, gone, "
    "unreadable, hung, malformed, too_large), a process without room (process_refused, pid_map_full), a "
    "rule without room (rule_refused).",
    "reason"};
inline constexpr MetricInfo kFailedReads{
    "pyroscope_ebpf_failed_reads_total", counter,
    "Reads of other processes' files that hung, or were not tried because others had (left_alone).",
    "reason"};
inline constexpr MetricInfo kHangingReads{"pyroscope_ebpf_hanging_reads", gauge,
                                          "Reads that hang now, and hold a thread each."};

inline constexpr MetricInfo kAll[] = {
    kActiveTargets, kSessions,    kFailing,        kFanout,         kPprofs,        kPprofSamples,
    kPprofBytes,    kKnown,       kUnknownSymbols, kUnknownModules, kUnknownStacks, kElfErrors,
    kProcErrors,    kLost,        kComplete,       kIncomplete,     kLostEvents,    kEvictions,
    kTables,        kTableBytes,  kTableLimit,     kTablesMade,     kTablesEvicted, kUnwindFailures,
    kFailedReads,   kHangingReads};

}  // namespace weir::pyroscope::metric
