// One profile as a message of the push protocol.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "profile/labels.h"
#include "profile/profile.h"

namespace weir::pyroscope {

struct PushRequest {
  std::string body;                 // push.v1.PushRequest
  std::uint64_t profile_bytes = 0;  // of the gzipped pprof in it
  std::string service;              // for messages
};

using PushRequestPtr = std::shared_ptr<const PushRequest>;
using ExternalLabels = std::map<std::string, std::string>;

// The labels a server gets to see: names beginning with "__" stay here, except
// __name__ and __delta__; `external` wins; empty ones are left out.
profile::Labels outgoing_labels(const profile::Profile& profile, const ExternalLabels& external);

// Heavy: makes a pprof and compresses it.
PushRequestPtr encode_push(const profile::Profile& profile, const ExternalLabels& external);

}  // namespace weir::pyroscope
