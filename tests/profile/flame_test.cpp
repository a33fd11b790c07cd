#include "profile/flame.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/profile/sample_profile.h"

namespace weir::profile {
namespace {

// "name total/self(children)"
std::string draw(const FlameTree& tree, std::uint32_t at = 0) {
  const FlameNode& node = tree.nodes()[at];
  std::string text = node.name + " " + std::to_string(node.total) + "/" + std::to_string(node.self);
  if (node.children.empty()) return text;
  text += "(";
  for (std::uint32_t child : node.children)
    text += (child == node.children[0] ? "" : ", ") + draw(tree, child);
  return text + ")";
}

// Each stack is letters, leaf first.
Profile letters(const std::vector<std::pair<std::string, std::int64_t>>& stacks) {
  Profile p;
  for (char c = 'a'; c <= 'z'; ++c)
    p.frames.push_back({FrameKind::native, NoName::named, kNoMapping, 0, {{std::string(1, c), "", 0}}});
  for (const auto& [text, value] : stacks) {
    Stack stack;
    for (char c : text) stack.frames.push_back(static_cast<std::uint32_t>(c - 'a'));
    p.samples.push_back({static_cast<std::uint32_t>(p.stacks.size()), value, 1});
    p.stacks.push_back(stack);
  }
  return p;
}

}  // namespace

TEST_CASE("flame tree: stacks merge from the root, over several profiles") {
  struct Row {
    std::vector<std::pair<std::string, std::int64_t>> stacks;
    std::size_t max_nodes;
    const char* tree;
  };
  const Row rows[] = {
      {{}, 0, "total 0/0"},
      {{{"ba", 2}, {"ca", 3}, {"a", 1}}, 0, "total 6/0(a 6/1(c 3/3, b 2/2))"},
      {{{"aaa", 1}}, 0, "total 1/0(a 1/0(a 1/0(a 1/1)))"},
      {{{"b", 1}, {"a", 1}}, 0, "total 2/0(a 1/1, b 1/1)"},
      {{{"ba", 5}, {"ca", 3}, {"da", 2}, {"e", 1}}, 100, "total 11/0(a 10/0(b 5/5, c 3/3, d 2/2), e 1/1)"},
      {{{"ba", 5}, {"ca", 3}, {"da", 2}, {"e", 1}}, 5, "total 11/0(a 10/0((other) 5/5, b 5/5), (other) 1/1)"},
      {{{"ba", 5}, {"ca", 3}, {"da", 2}, {"e", 1}}, 2, "total 11/0((other) 11/11)"},
      {{{"ba", 5}, {"ca", 3}, {"da", 2}, {"e", 1}}, 1, "total 11/0((other) 11/11)"},
  };
  for (const Row& row : rows) {
    FlameTree tree;
    tree.add(letters(row.stacks));
    tree.finish(row.max_nodes);

    CHECK(draw(tree) == row.tree);
  }
  FlameTree tree;
  tree.add(letters({{"ba", 2}}));
  tree.add(letters({{"ca", 3}, {"ba", 2}}));
  tree.finish(0);
  CHECK(draw(tree) == "total 7/0(a 7/0(b 4/4, c 3/3))");
  CHECK(tree.samples() == 3);
}

using testing::sample_profile;

TEST_CASE("flame tree: inlined functions, modules, unnamed frames, completeness") {
  FlameTree tree;
  Profile p = sample_profile();
  tree.add(p);
  tree.finish(0);
  CHECK(tree.total() == p.total());
  CHECK(tree.samples() == 9);
  CHECK(tree.complete_samples() == 6);
  const auto& nodes = tree.nodes();
  auto child = [&](std::uint32_t at, std::size_t n) { return nodes[at].children.at(n); };
  std::uint32_t main = child(0, 0);
  CHECK(nodes[main].name == "main");
  CHECK(nodes[main].module == "app");
  CHECK(nodes[child(main, 0)].name == "outer");
  CHECK(nodes[child(child(main, 0), 0)].name == "inner");
  std::uint32_t libc = child(main, 1);
  CHECK(nodes[libc].name == "libc.so.6+0xbeef");
  CHECK(nodes[libc].no_name == NoName::stripped);
  CHECK(tree.reasons().at(nodes[libc].reason) == "it has no .symtab");
  CHECK(tree.reasons().at(nodes[main].reason).empty());
  CHECK(nodes[child(libc, 0)].kind == FrameKind::kernel);
}

TEST_CASE("flame tree: however many nodes are asked for, there are no more and the sum stays") {
  std::vector<std::pair<std::string, std::int64_t>> stacks;
  std::uint32_t state = 1;
  for (int i = 0; i < 300; ++i) {
    std::string stack;
    for (int depth = 0; depth < 6; ++depth) {
      state = state * 1664525 + 1013904223;
      stack += static_cast<char>('a' + (state >> 24) % 5);
    }
    stacks.emplace_back(stack, 1 + (state >> 20) % 7);
  }
  for (std::size_t max : {2u, 3u, 7u, 50u, 200u, 1000u}) {
    FlameTree tree;
    tree.add(letters(stacks));
    tree.finish(max);
    CHECK(tree.nodes().size() <= max);
    std::int64_t self = 0;
    for (const FlameNode& node : tree.nodes()) {
      self += node.self;
      std::int64_t sum = node.self;
      for (std::uint32_t c : node.children) sum += tree.nodes()[c].total;
      CHECK(sum == node.total);
    }
    CHECK(self == tree.total());
  }
}

TEST_CASE("flame tree: what was before stands beside what is now") {
  FlameTree tree;
  tree.add_before(letters({{"ba", 4}, {"ca", 3}}));
  tree.add(letters({{"ba", 1}, {"da", 5}}));
  tree.finish(0);
  auto sides = [&](std::string_view name) {
    for (const FlameNode& node : tree.nodes())
      if (node.name == name) return std::pair(node.before_total, node.total);
    return std::pair(std::int64_t{-1}, std::int64_t{-1});
  };
  CHECK(sides("total") == std::pair(std::int64_t{7}, std::int64_t{6}));
  CHECK(sides("b") == std::pair(std::int64_t{4}, std::int64_t{1}));
  CHECK(sides("c") == std::pair(std::int64_t{3}, std::int64_t{0}));
  CHECK(sides("d") == std::pair(std::int64_t{0}, std::int64_t{5}));
}

TEST_CASE("flame tree: what is folded keeps both sides") {
  FlameTree tree;
  tree.add_before(letters({{"ba", 4}, {"ca", 3}}));
  tree.add(letters({{"ba", 1}, {"da", 5}}));
  tree.finish(3);
  REQUIRE(tree.nodes().size() == 3);
  CHECK(tree.nodes()[2].name == "(other)");
  CHECK(tree.nodes()[2].before_total == 7);
  CHECK(tree.nodes()[2].total == 6);
}

}  // namespace weir::profile
