#include "runtime/revisions.h"

#include "runtime/snapshot.h"

namespace weir::runtime {

void Revisions::count(const NodeState& before, const NodeState& now) {
  const Health &then = before.health, &health = now.health;
  bool is_other_state = then.state != health.state || then.since != health.since;
  if (is_other_state) ++states;
  if (is_other_state || then.message != health.message) ++healths;
  // They are only ever shown when they are others.
  if (before.exports.as_map() != now.exports.as_map()) ++exports;
  if (before.services != now.services) ++services;
  ++nodes;
}

}  // namespace weir::runtime
