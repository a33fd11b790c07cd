// Names and meanings of the metrics of pyroscope.receive_http.
#pragma once

#include "base/metrics.h"

namespace weir::pyroscope::receive_http_metric {

using enum MetricInfo::Kind;

inline constexpr MetricInfo kRequests{"pyroscope_receive_http_requests_total", counter, "Requests taken."};
inline constexpr MetricInfo kProfiles{"pyroscope_receive_http_profiles_total", counter, "Profiles in them."};
inline constexpr MetricInfo kBytes{"pyroscope_receive_http_bytes_total", counter,
                                   "Bytes of these requests, as they came."};
inline constexpr MetricInfo kRefused{"pyroscope_receive_http_refused_requests_total", counter,
                                     "Requests that were not taken, by reason.", "reason"};

inline constexpr MetricInfo kAll[] = {kRequests, kProfiles, kBytes, kRefused};

}  // namespace weir::pyroscope::receive_http_metric
