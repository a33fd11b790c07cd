#include "runtime/graph.h"

#include <doctest/doctest.h>

#include <algorithm>

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
  CHECK(graph.needed_by(0) == std::vector<NodeIndex>{2});
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

}  // namespace
}  // namespace weir::runtime
