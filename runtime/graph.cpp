#include "runtime/graph.h"

#include <algorithm>
#include <numeric>

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
    : needs_(std::move(needs)), first_user_(needs_.size() + 1), rank_(needs_.size()) {
  for (auto& mine : needs_) {
    std::ranges::sort(mine);
    mine.erase(std::ranges::unique(mine).begin(), mine.end());
  }
  find_users();
  sort_topologically();
}

void Graph::find_users() {
  for (const auto& mine : needs_) {
    for (NodeIndex needed : mine) ++first_user_[needed + 1];
  }
  std::partial_sum(first_user_.begin(), first_user_.end(), first_user_.begin());
  users_.resize(first_user_.back());
  std::vector<std::uint32_t> next = first_user_;
  for (NodeIndex node = 0; node < needs_.size(); ++node) {
    for (NodeIndex needed : needs_[node]) users_[next[needed]++] = node;
  }
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
