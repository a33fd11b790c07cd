#include "runtime/graph.h"

#include <algorithm>

namespace weir::runtime {
namespace {

// Enough to see what is wrong; each is as long as the path it closes.
constexpr std::size_t kMostCycles = 10;

enum class Mark : std::uint8_t { fresh, on_path, done };

struct Step {
  NodeIndex node;
  std::size_t next = 0;  // the next of its needs to look at
};

std::vector<NodeIndex> path_from(const std::vector<Step>& path, NodeIndex first) {
  auto begin = std::ranges::find(path, first, &Step::node);
  std::vector<NodeIndex> cycle;
  for (auto step = begin; step != path.end(); ++step) cycle.push_back(step->node);
  return cycle;
}

}  // namespace

Graph::Graph(std::vector<std::vector<NodeIndex>> needs)
    : needs_(std::move(needs)), needed_by_(needs_.size()), rank_(needs_.size()) {
  for (NodeIndex node = 0; node < needs_.size(); ++node) {
    auto& mine = needs_[node];
    std::ranges::sort(mine);
    mine.erase(std::ranges::unique(mine).begin(), mine.end());
    for (NodeIndex needed : mine) needed_by_[needed].push_back(node);
  }
  sort_topologically();
}

// Depth first with a path of its own: a config may chain more components than the stack has room for.
void Graph::sort_topologically() {
  std::vector<Mark> marks(needs_.size(), Mark::fresh);
  std::vector<Step> path;
  for (NodeIndex start = 0; start < needs_.size(); ++start) {
    if (marks[start] != Mark::fresh) continue;
    path.push_back({.node = start});
    marks[start] = Mark::on_path;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == needs_[step.node].size()) {
        marks[step.node] = Mark::done;
        rank_[step.node] = static_cast<std::uint32_t>(order_.size());
        order_.push_back(step.node);
        path.pop_back();
        continue;
      }
      NodeIndex needed = needs_[step.node][step.next++];
      if (marks[needed] == Mark::on_path && cycles_.size() < kMostCycles) {
        cycles_.push_back(path_from(path, needed));
      }
      if (marks[needed] != Mark::fresh) continue;
      marks[needed] = Mark::on_path;
      path.push_back({.node = needed});
    }
  }
}

}  // namespace weir::runtime
