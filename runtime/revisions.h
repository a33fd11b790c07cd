// Revisions: how often what a snapshot shows has changed, by what of it. Who follows a running graph learns
// from them that nothing has, without looking through it.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir::runtime {

struct NodeState;

// Counted once the change can be seen: who reads a count first and then the snapshot misses nothing. Any
// thread.
struct Revisions {
  using Count = std::atomic<std::uint64_t>;

  Count loads = 0;     // which nodes there are, and what the last load came to
  Count states = 0;    // which node is in which state of health
  Count healths = 0;   // that, and what it says
  Count exports = 0;   // of nodes
  Count services = 0;  // what nodes offer
  Count nodes = 0;     // anything of a node

  // By what a node shows instead of what it showed before.
  void count(const NodeState& before, const NodeState& now);
};

}  // namespace weir::runtime
