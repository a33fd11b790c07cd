// explain: the way of a target through a running config, from the component
// that found it to those that use it. Reads a snapshot; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/value.h"
#include "runtime/snapshot.h"
#include "runtime/target_tracer.h"

namespace weir::runtime {

// A component that the target came to.
struct Visit {
  const Node* node = nullptr;
  lang::Value target;            // as it came in
  std::vector<TraceStep> steps;  // none: the component uses it as it is
  bool is_dropped = false;
  bool is_used = false;  // nothing that the component exports holds it: here it ends
};

struct Explanation {
  const Node* source = nullptr;  // found it
  lang::Value target;            // as it was found
  std::vector<Visit> visits;     // in the order of the graph
};

// True for the labels of targets that are asked for. Called for each target of each component that finds
// targets.
using TargetQuery = std::function<bool(const lang::Map& labels)>;

// At most `limit`, in order of the config and of the lists; `found` counts all that match.
struct Explanations {
  std::vector<Explanation> shown;
  std::size_t found = 0;
};
Explanations explain_targets(const Snapshot& snapshot, const TargetQuery& query, std::size_t limit);

}  // namespace weir::runtime
