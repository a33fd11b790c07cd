// What the components of a running config that find targets have found. Reads a snapshot; any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "lang/value.h"
#include "runtime/snapshot.h"

namespace weir::runtime {

// The lists among the exports of a component that finds targets; none of one that only changes them.
std::vector<std::shared_ptr<const lang::List>> targets_found_by(const Node& node, const NodeState& state);

// In order of the config and of the lists. False: enough.
using EachTarget =
    std::function<bool(const Node& source, const lang::Value& target, const lang::Map& labels)>;
void each_found_target(const Snapshot& snapshot, const EachTarget& each);

}  // namespace weir::runtime
