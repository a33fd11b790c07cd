// Walks over a tree: to look at its nodes, or to make a changed copy of it.
#pragma once

#include <vector>

#include "profiler/symbols/itanium/tree.h"

namespace weir::profiler::itanium {

// Marks nodes as seen. Walks happen inside walks: each level has a mark of its own.
class Walks {
 public:
  class Walk {
   public:
    explicit Walk(Walks& walks) : walks_(walks), level_(walks.level_++), number_(++walks.number_) {}
    ~Walk() { --walks_.level_; }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    // Whether it was there before.
    bool visit(Node* node) const {
      std::uint32_t& mark = node->seen[level_ < node->seen.size() ? level_ : node->seen.size() - 1];
      bool before = mark == number_;
      mark = number_;
      return before;
    }

   private:
    Walks& walks_;
    std::size_t level_;
    std::uint32_t number_;
  };

 private:
  std::size_t level_ = 0;
  std::uint32_t number_ = 0;
};

// Calls look(node) from the root down; where it says false, not what is below.
template <class Look>
void walk(Tree& tree, Node* node, Look& look) {
  Descent down(tree);
  if (!down || !look(node)) return;
  for (Node* child : {node->a, node->b}) {
    if (child != nullptr) walk(tree, child, look);
  }
  for (Node* child : node->list) walk(tree, child, look);
  if (node->c != nullptr) walk(tree, node->c, look);
}

// A copy of what changes and of everything above it; the node itself where nothing
// does. `skip` is asked on the way down, `change` answers the node to put in place
// of one, or nothing, on the way up.
template <class Skip, class Change>
class Rewrite {
 public:
  Rewrite(Tree& tree, Skip& skip, Change& change) : tree_(tree), skip_(skip), change_(change) {}

  Node* run(Node* node) {
    Descent down(tree_);
    if (!down || skip_(node)) return node;
    Node now = *node;
    bool changed = replace(now.a);
    changed |= replace(now.b);
    changed |= replace_list(now.list);
    changed |= replace(now.c);
    Node* result = changed ? tree_.copy(now) : node;
    Node* other = change_(result);
    return other != nullptr ? other : result;
  }

 private:
  bool replace(Node*& child) {
    if (child == nullptr) return false;
    Node* before = child;
    child = run(child);
    return child != before;
  }

  bool replace_list(Nodes& list) {
    Nodes original = list;
    for (std::size_t i = 0; i < original.size(); ++i) {
      Node* other = run(original[i]);
      if (other == original[i]) continue;
      if (list.data() == original.data()) list = tree_.keep(original);
      if (list.empty()) return false;
      list[i] = other;
    }
    return list.data() != original.data();
  }

  Tree& tree_;
  Skip& skip_;
  Change& change_;
};

template <class Skip, class Change>
Node* rewrite(Tree& tree, Node* node, Skip&& skip, Change&& change) {
  return Rewrite<Skip, Change>(tree, skip, change).run(node);
}

// The qualifiers of both, each once; `first` is changed. Either may be missing.
Node* merge_qualifiers(Tree& tree, Node* first, Node* second);

// Puts arguments in the place of parameters, elements in the place of pack
// expansions, and collapses references, arrays and qualifiers upon one another.
Node* simplify(Tree& tree, Walks& walks, Node* node);

// The first pack of arguments that a parameter in `node` stands for.
Node* find_pack(Tree& tree, Walks& walks, Node* node);

// Tells the parameters in the type of a conversion operator, which comes before its
// template arguments, whose they are. False when they are nobody's or somebody else's.
bool bind_parameters(Tree& tree, Walks& walks, Node* node, Node* templated);

}  // namespace weir::profiler::itanium
