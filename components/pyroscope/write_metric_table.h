// Names and meanings of the metrics of pyroscope.write.
#pragma once

#include "base/metrics.h"

namespace weir::pyroscope::write_metric {

using enum MetricInfo::Kind;

inline constexpr MetricInfo kSentBytes{"pyroscope_write_sent_bytes_total", counter, "Bytes of profiles sent.",
                                       "endpoint"};
inline constexpr MetricInfo kSentProfiles{"pyroscope_write_sent_profiles_total", counter, "Profiles sent.",
                                          "endpoint"};
inline constexpr MetricInfo kDroppedBytes{"pyroscope_write_dropped_bytes_total", counter,
                                          "Bytes of profiles given up, by reason.", "endpoint, reason"};
inline constexpr MetricInfo kDroppedProfiles{
    "pyroscope_write_dropped_profiles_total", counter,
    "Profiles given up, by reason: http_400 and the like, network, too_large, too_old_for_server, too_old, "
    "queue_full, disk, endpoint_removed, stopped.",
    "endpoint, reason"};
inline constexpr MetricInfo kRetries{"pyroscope_write_retries_total", counter, "Tries after a failed one.",
                                     "endpoint"};
inline constexpr MetricInfo kLatency{"pyroscope_write_latency", histogram,
                                     "Seconds: of a request (push_downstream), of a profile until a server "
                                     "is done with it (push_endpoint), and until all are (push_total).",
                                     "endpoint, type"};
inline constexpr MetricInfo kLost{
    "pyroscope_write_lost_profiles_total", counter,
    "Profiles lost before they were an endpoint's: no_endpoint, not_encoded_in_time, too_large.", "reason"};
inline constexpr MetricInfo kCleaned{
    "pyroscope_write_cleaned_labels_total", counter,
    "Labels cut or left out because a server takes no longer or no more ones."};
inline constexpr MetricInfo kQueueBytes{"pyroscope_write_queue_bytes", gauge,
                                        "Space that the queue takes on the disk."};
inline constexpr MetricInfo kQueueProfiles{"pyroscope_write_queue_profiles", gauge,
                                           "Profiles that some endpoint has still to take."};
inline constexpr MetricInfo kQueueOnDisk{"pyroscope_write_queue_on_disk", gauge,
                                         "1 while the queue survives a crash, 0 while it is in memory only."};
inline constexpr MetricInfo kDamaged{"pyroscope_write_queue_damaged_segments_total", counter,
                                     "Files of the queue that were damaged and set aside."};

inline constexpr MetricInfo kAll[] = {kSentBytes,  kSentProfiles,  kDroppedBytes, kDroppedProfiles,
                                      kRetries,    kLatency,       kLost,         kCleaned,
                                      kQueueBytes, kQueueProfiles, kQueueOnDisk,  kDamaged};

}  // namespace weir::pyroscope::write_metric
