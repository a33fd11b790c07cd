// What received.cpp and ingest.cpp share.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "components/pyroscope/received.h"

namespace weir::pyroscope {

inline constexpr std::size_t kMostSentLabels = 64;  // of a series: a server takes 30
inline constexpr std::string_view kUnnamedService = "unspecified";

inline Refusal bad_request(std::string message) {
  return {400, "malformed", std::move(message)};
}

// What was wrong, or that the memory did not suffice.
Refusal unreadable(std::string message, const profile::MemoryBudget& budget);

// The body, or what it is unpacked, which is kept in `unpacked`.
std::expected<std::string_view, Refusal> plain_body(const net::Request& request,
                                                    profile::MemoryBudget& budget, std::string& unpacked);

// Of a pprof, gzipped or not: one for each sample type.
Received profiles_of(std::string_view pprof, profile::MemoryBudget& budget);

// The labels, with a profile's name and a service's where they have none.
void set_labels(profile::Profile& profile, const profile::Labels& labels);

}  // namespace weir::pyroscope
