// One profile as a message of the push protocol.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "profile/labels.h"
#include "profile/profile.h"

namespace weir::pyroscope {

struct PushRequest {
  // push.v1.PushRequest with one series. Two of them behind each other are one with both series.
  std::string body;
  std::uint64_t profile_bytes = 0;  // of the gzipped pprof in it
  std::uint64_t raw_bytes = 0;      // of that pprof, unpacked
  std::string service;              // for messages; cut as a server has it
  WallTime start;                   // of the profile's window
};

using PushRequestPtr = std::shared_ptr<const PushRequest>;
using ExternalLabels = std::map<std::string, std::string>;

// What a Pyroscope server takes in one profile, unless it was set up otherwise.
inline constexpr std::size_t kServerRawBytes = 4u << 20;
inline constexpr std::size_t kServerSamples = 16'000;
inline constexpr std::size_t kServerLabels = 30;  // __name__ and service_name among them
inline constexpr std::size_t kServerLabelName = 1024;
inline constexpr std::size_t kServerLabelValue = 2048;

// What a profile lost on its way into requests.
struct EncodeLosses {
  std::uint64_t cleaned = 0;    // labels cut or left out
  std::uint64_t too_large = 0;  // profiles, or parts of one, that no split makes small enough for a server
};

// The labels a server gets to see: names beginning with "__" stay here, except
// __name__ and __delta__; `external` wins; empty ones are left out. A text too
// long for a server is cut, a label too many left out, and both add to `cleaned`.
profile::Labels outgoing_labels(const profile::Profile& profile, const ExternalLabels& external,
                                std::uint64_t* cleaned = nullptr);

// Heavy: makes pprofs and compresses them. More than one where the profile is
// larger than a server takes; servers add up what has the same labels and time.
std::vector<PushRequestPtr> encode_push(const profile::Profile& profile, const ExternalLabels& external,
                                        EncodeLosses* losses = nullptr);

// Heavy: the two halves of a push that a server found too large; empty when it cannot be halved, or when that
// makes it hardly smaller.
std::vector<PushRequestPtr> halve_push(const PushRequest& request);

}  // namespace weir::pyroscope
