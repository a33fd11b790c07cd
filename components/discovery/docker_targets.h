// From what a Docker daemon answers to targets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "components/discovery/target_list.h"
#include "lang/source.h"

namespace weir::discovery {

struct DockerTargetOptions {
  std::int64_t port = 80;  // of a container that has no TCP port
  std::string host_networking_host = "localhost";
  bool match_first_network = true;
  // The newer dialect has labels of the image, looks for the network of a container that uses another's, and
  // takes an IPv6 address where there is no other.
  lang::Dialect dialect = lang::Dialect::alloy;

  bool operator==(const DockerTargetOptions&) const = default;
};

struct DockerTargets {
  Targets targets;  // in an order of their own: equal sets are equal
  std::size_t containers = 0;
};

// The answers to /containers/json and /networks. A container without a network is a target too: it can be
// profiled.
Result<DockerTargets> docker_targets(std::string_view containers, std::string_view networks,
                                     const DockerTargetOptions& options);

}  // namespace weir::discovery
