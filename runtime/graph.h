// Graph: who needs whom among numbered nodes, and the order that follows from
// it. Pure; built once for each config.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace weir::runtime {

using NodeIndex = std::uint32_t;

class Graph {
 public:
  Graph() = default;
  // needs[i]: the nodes whose exports node i uses; repetitions are fine.
  explicit Graph(std::vector<std::vector<NodeIndex>> needs);

  std::size_t size() const { return needs_.size(); }
  const std::vector<NodeIndex>& needs(NodeIndex node) const { return needs_[node]; }
  std::span<const NodeIndex> needed_by(NodeIndex node) const {
    return std::span(users_).subspan(first_user_[node], first_user_[node + 1] - first_user_[node]);
  }
  // What is needed comes first; else in order of the numbers. Meaningless when there are cycles.
  const std::vector<NodeIndex>& order() const { return order_; }
  std::uint32_t rank(NodeIndex node) const { return rank_[node]; }  // place in order()
  // Each as the path a, b, c of "a needs b needs c needs a".
  const std::vector<std::vector<NodeIndex>>& cycles() const { return cycles_; }

 private:
  void find_users();
  void sort_topologically();

  std::vector<std::vector<NodeIndex>> needs_;
  // Of all nodes in a row, and where those of each begin: a wave looks at them for each node it passes.
  std::vector<NodeIndex> users_;
  std::vector<std::uint32_t> first_user_ = {0};
  std::vector<NodeIndex> order_;
  std::vector<std::uint32_t> rank_;
  std::vector<std::vector<NodeIndex>> cycles_;
};

}  // namespace weir::runtime
