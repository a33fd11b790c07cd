// explain: the way of a target through a running config, from the component
// that found it to those that use it. Reads a snapshot; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
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
  bool is_cut = false;           // a limit was met on its way: what came after is not told
};

// True for the labels of targets that are asked for. Called for each target of each component that finds
// targets.
using TargetQuery = std::function<bool(const lang::Map& labels)>;

// How much is looked at and told. What it takes depends on the config and on what it finds, and whoever asks
// may hold up others.
struct ExplainLimits {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  std::size_t targets = kNone;  // whose way is told
  std::size_t visits = 1000;    // on the way of one: a config may send it round through many
  std::size_t bytes = kNone;    // of labels and reasons
  std::optional<Duration> time;
  const Clock* clock = &system_clock();
};

// In order of the config and of the lists.
struct Explanations {
  std::vector<Explanation> shown;
  std::size_t found = 0;       // all that match
  bool is_found_known = true;  // false: there may be more
  std::string cut;             // why this is not all that was asked for, sentences; "": it is
};
Explanations explain_targets(const Snapshot& snapshot, const TargetQuery& query, const ExplainLimits& limits);

}  // namespace weir::runtime
