// Names and meanings of the metrics that the runtime keeps.
#pragma once

#include "base/metrics.h"

namespace weir::runtime::metric {

using enum MetricInfo::Kind;

inline constexpr MetricInfo kLoadSuccess{"weir_config_last_load_success", gauge,
                                         "Whether the last load of the config was applied."};
inline constexpr MetricInfo kLoadTimestamp{"weir_config_load_timestamp_seconds", gauge,
                                           "When the running config was applied."};
inline constexpr MetricInfo kComponents{"weir_component_controller_running_components", gauge,
                                        "Components, by their health.", "health_type"};
inline constexpr MetricInfo kEvaluation{"weir_component_evaluation_seconds", histogram,
                                        "Time to evaluate one component's arguments and hand them over."};
inline constexpr MetricInfo kQueue{
    "weir_component_evaluation_queue_size", gauge,
    "Components whose new exports wait to be told to others, and loads that wait."};

inline constexpr MetricInfo kAll[] = {kLoadSuccess, kLoadTimestamp, kComponents, kEvaluation, kQueue};

}  // namespace weir::runtime::metric
