// Wave: the order in which a change passes through the graph. Dirty nodes come
// out in topological order, each at most once; its cost is that of the nodes it
// touches. Pure; whoever runs it evaluates the nodes.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "runtime/graph.h"

namespace weir::runtime {

class Wave {
 public:
  // The graph outlives the wave.
  explicit Wave(const Graph& graph) : graph_(graph), marked_in_(graph.size(), 0) {}

  // The node has to be evaluated.
  void mark(NodeIndex node) {
    if (marked_in_[node] == number_) return;
    marked_in_[node] = number_;
    dirty_.emplace(graph_.rank(node), node);
  }
  // Its exports are others now: all who use them have to be evaluated.
  void mark_dependants(NodeIndex node) {
    for (NodeIndex dependant : graph_.needed_by(node)) mark(dependant);
  }
  // Everything the next one needs has settled. Nothing left: the wave is over, and the next mark() begins a
  // new one.
  std::optional<NodeIndex> next() {
    if (dirty_.empty()) {
      ++number_;
      return std::nullopt;
    }
    NodeIndex node = dirty_.top().second;
    dirty_.pop();
    return node;
  }

 private:
  using Entry = std::pair<std::uint32_t, NodeIndex>;

  const Graph& graph_;
  std::vector<std::uint64_t> marked_in_;  // the number of the last wave that marked the node
  std::uint64_t number_ = 1;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> dirty_;
};

}  // namespace weir::runtime
