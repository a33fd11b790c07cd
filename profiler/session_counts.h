// What a session has taken and lost, in the form that others read.
#pragma once

#include <cstdint>

#include "profile/collection.h"
#include "profiler/aggregator.h"
#include "profiler/sampler.h"
#include "profiler/unwind_quality.h"

namespace weir::profiler {

// `abandoned`: attributed samples whose profiles nobody took over.
profile::CollectionStats count_samples(const SamplerStats& kernel, const Aggregator& aggregator,
                                       const UnwindQuality& quality, std::uint64_t abandoned);

}  // namespace weir::profiler
