// Wave: the order in which a change passes through the graph. Dirty nodes come
// out in topological order, each at most once; its cost is that of the nodes it
// touches. Pure; whoever runs it evaluates the nodes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/graph.h"

namespace weir::runtime {

class Wave {
 public:
  // The graph outlives the wave.
  explicit Wave(const Graph& graph)
      : graph_(graph),
        marked_in_(graph.size(), 0),
        dirty_(graph.size() / kBits + 1),
        words_(dirty_.size() / kBits + 1) {}

  // The node has to be evaluated.
  void mark(NodeIndex node) {
    if (marked_in_[node] == number_) return;
    marked_in_[node] = number_;
    std::size_t rank = graph_.rank(node);
    dirty_[rank / kBits] |= bit(rank);
    words_[rank / kBits / kBits] |= bit(rank / kBits);
    least_ = std::min(least_, rank);
  }
  // Its exports are others now: all who use them have to be evaluated.
  void mark_dependants(NodeIndex node) {
    for (NodeIndex dependant : graph_.needed_by(node)) mark(dependant);
  }
  // Everything the next one needs has settled. Nothing left: the wave is over, and the next mark() begins a
  // new one.
  std::optional<NodeIndex> next() {
    std::optional<std::size_t> rank = dirty_from(least_);
    if (!rank) {
      ++number_;
      least_ = graph_.size();
      return std::nullopt;
    }
    std::uint64_t& word = dirty_[*rank / kBits];
    word &= ~bit(*rank);
    if (word == 0) words_[*rank / kBits / kBits] &= ~bit(*rank / kBits);
    least_ = *rank + 1;
    return graph_.order()[*rank];
  }
  // What most likely comes after `node` and what after that, while `node` is being evaluated: known before
  // all of it is marked.
  std::array<std::optional<NodeIndex>, 2> likely_after(NodeIndex node) const {
    std::array<std::optional<NodeIndex>, 2> likely;
    std::size_t from = least_;
    for (auto& one : likely) {
      if (auto rank = dirty_from(from)) {
        one = graph_.order()[*rank];
        from = *rank + 1;
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
  static constexpr std::size_t kBits = 64;

  static std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << place % kBits; }
  // The first one that is set from `place` on, in its word.
  static std::optional<std::size_t> set_in_word(const std::vector<std::uint64_t>& words, std::size_t place) {
    std::size_t at = place / kBits;
    std::uint64_t rest = at < words.size() ? words[at] & (~std::uint64_t{0} << place % kBits) : 0;
    if (rest == 0) return std::nullopt;
    return at * kBits + static_cast<std::size_t>(std::countr_zero(rest));
  }
  std::optional<std::size_t> dirty_from(std::size_t rank) const {
    if (auto here = set_in_word(dirty_, rank)) return here;
    for (std::size_t word = rank / kBits + 1; word < dirty_.size(); word = (word / kBits + 1) * kBits) {
      if (auto dirty = set_in_word(words_, word)) return set_in_word(dirty_, *dirty * kBits);
    }
    return std::nullopt;
  }

  const Graph& graph_;
  std::vector<std::uint64_t> marked_in_;  // the number of the last wave that marked the node
  std::uint64_t number_ = 1;
  std::vector<std::uint64_t> dirty_;  // a bit for each node, by rank
  std::vector<std::uint64_t> words_;  // a bit for each word of dirty_ that is not 0
  std::size_t least_ = 0;             // no lower rank is dirty
};

}  // namespace weir::runtime
