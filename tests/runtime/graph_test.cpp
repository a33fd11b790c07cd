#include "runtime/graph.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "runtime/wave.h"

namespace weir::runtime {
namespace {

std::vector<NodeIndex> run(Wave& wave, const std::vector<NodeIndex>& unchanged = {}) {
  std::vector<NodeIndex> visited;
  while (auto node = wave.next()) {
    visited.push_back(*node);
    if (std::ranges::find(unchanged, *node) == unchanged.end()) wave.mark_dependants(*node);
  }
  return visited;
}

TEST_CASE("what is needed comes first, else the order of the text stays") {
  Graph graph({{3}, {}, {0, 0, 1}, {}});
  CHECK(graph.order() == std::vector<NodeIndex>{3, 0, 1, 2});
  CHECK(std::ranges::equal(graph.needed_by(0), std::vector<NodeIndex>{2}));
  CHECK(graph.cycles().empty());
}

TEST_CASE("cycles come as paths") {
  Graph graph({{1}, {2}, {0, 3}, {3}, {0}});
  REQUIRE(graph.cycles().size() == 2);
  CHECK(graph.cycles()[0] == std::vector<NodeIndex>{0, 1, 2});
  CHECK(graph.cycles()[1] == std::vector<NodeIndex>{3});
}

TEST_CASE("a long chain does not exhaust the stack") {
  std::vector<std::vector<NodeIndex>> needs(200'000);
  for (NodeIndex i = 0; i + 1 < needs.size(); ++i) needs[i] = {i + 1};
  Graph graph(std::move(needs));
  CHECK(graph.order().front() == 199'999);
}

TEST_CASE("a wave visits each dirty node once, in order, and only those a change reaches") {
  // 0 ─▶ 1, 2 ─▶ 3 (a diamond), 3 ─▶ 4; 5 and 6 are elsewhere.
  Graph graph({{}, {0}, {0}, {1, 2}, {3}, {}, {5}});
  Wave wave(graph);
  wave.mark_dependants(0);
  CHECK(run(wave) == std::vector<NodeIndex>{1, 2, 3, 4});
  wave.mark_dependants(0);
  CHECK(run(wave, {1, 2}) == std::vector<NodeIndex>{1, 2});
  wave.mark(4);
  wave.mark(0);
  wave.mark(4);
  CHECK(run(wave, {1}) == std::vector<NodeIndex>{0, 1, 2, 3, 4});
  CHECK(run(wave).empty());
}

using Random = std::mt19937;

NodeIndex one_of(const Graph& graph, Random& random) {
  return static_cast<NodeIndex>(random() % graph.size());
}

// Without a cycle, and in no order: about two needs each.
Graph random_graph(std::size_t size, Random& random) {
  std::vector<NodeIndex> order(size);
  for (NodeIndex i = 0; i < size; ++i) order[i] = i;
  std::ranges::shuffle(order, random);
  std::vector<std::vector<NodeIndex>> needs(size);
  for (std::size_t at = 1; at < size; ++at) {
    for (std::size_t i = random() % 5; i > 0; --i) needs[order[at]].push_back(order[random() % at]);
  }
  return Graph(std::move(needs));
}

// A wave told in the plainest way.
class PlainWave {
 public:
  explicit PlainWave(const Graph& graph) : graph_(graph) {}

  void mark(NodeIndex node) {
    if (marked_.insert(node).second) dirty_.insert(graph_.rank(node));
  }
  std::optional<NodeIndex> next() {
    if (dirty_.empty()) {
      marked_.clear();
      return std::nullopt;
    }
    std::size_t rank = *dirty_.begin();
    dirty_.erase(dirty_.begin());
    return graph_.order()[rank];
  }
  std::array<std::optional<NodeIndex>, 2> likely_after(NodeIndex node) const {
    std::array<std::optional<NodeIndex>, 2> likely;
    auto rank = dirty_.begin();
    for (auto& one : likely) {
      if (rank != dirty_.end()) {
        one = graph_.order()[*rank++];
      } else if (!graph_.needed_by(node).empty()) {
        one = graph_.needed_by(node).front();
      } else {
        break;
      }
      node = *one;
    }
    return likely;
  }

 private:
  const Graph& graph_;
  std::set<std::size_t> dirty_;  // ranks
  std::set<NodeIndex> marked_;
};

// Of those that this one, which is just being evaluated, changes.
void mark_some(Wave& wave, PlainWave& plain, const Graph& graph, NodeIndex node, Random& random) {
  if (random() % 4 == 0) return;
  wave.mark_dependants(node);
  for (NodeIndex dependant : graph.needed_by(node)) plain.mark(dependant);
}

TEST_CASE("a wave is what a sorted set of its nodes gives, in graphs of any size") {
  Random random(7);
  for (std::size_t size : {0, 1, 63, 64, 65, 4096, 4097, 5000}) {
    CAPTURE(size);
    Graph graph = random_graph(size, random);
    Wave wave(graph);
    PlainWave plain(graph);
    for (int round = 0; round < 20; ++round) {
      CAPTURE(round);
      for (std::size_t i = random() % 8; size > 0 && i > 0; --i) {
        NodeIndex node = one_of(graph, random);
        wave.mark(node);
        plain.mark(node);
      }
      for (;;) {
        auto next = wave.next();
        REQUIRE(next == plain.next());
        if (!next) break;
        REQUIRE(wave.likely_after(*next) == plain.likely_after(*next));
        mark_some(wave, plain, graph, *next, random);
        REQUIRE(wave.likely_after(*next) == plain.likely_after(*next));
      }
    }
  }
}

}  // namespace
}  // namespace weir::runtime
