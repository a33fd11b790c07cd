// Names and meanings of the metrics of pyroscope.store.
#pragma once

#include "base/metrics.h"

namespace weir::pyroscope::store_metric {

using enum MetricInfo::Kind;

inline constexpr MetricInfo kProfiles{"pyroscope_store_profiles_total", counter, "Profiles written."};
inline constexpr MetricInfo kLost{
    "pyroscope_store_lost_profiles_total", counter,
    "Profiles that were not kept, by reason: queue_full, disk, too_large, corrupt, unknown_format.",
    "reason"};
inline constexpr MetricInfo kExpired{"pyroscope_store_expired_profiles_total", counter,
                                     "Profiles deleted, by reason: retention, max_bytes.", "reason"};
inline constexpr MetricInfo kDownsampled{"pyroscope_store_downsampled_profiles_total", counter,
                                         "Profiles that became part of a coarser one."};
inline constexpr MetricInfo kBytes{"pyroscope_store_bytes", gauge, "Space that all profiles take."};
inline constexpr MetricInfo kUnreadable{"pyroscope_store_unreadable_segments", gauge,
                                        "Files of the store that cannot be read now."};

inline constexpr MetricInfo kAll[] = {kProfiles, kLost, kExpired, kDownsampled, kBytes, kUnreadable};

}  // namespace weir::pyroscope::store_metric
