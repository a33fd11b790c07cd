#include "profile/flame.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string>
#include <unordered_map>

#include "profile/hash_index.h"
#include "profile/text.h"

namespace weir::profile {

constexpr std::uint32_t kNotAsked = ~std::uint32_t{0};

// Names become numbers once a profile, so that walking a stack compares numbers only.
struct FlameTree::Index {
  struct Symbol {
    std::string name;
    std::string module;
    FrameKind kind;
    NoName no_name;
    std::uint32_t reason = 0;
  };
  struct Edge {
    std::uint32_t parent;
    std::uint32_t symbol;
  };

  std::uint32_t symbol(std::string_view name, std::string_view module, const Frame& frame) {
    auto next = static_cast<std::uint32_t>(symbols.size());
    auto [index, is_new] = by_name.find_or_insert(
        hash_string(module, hash_string(name)), next,
        [&](std::uint32_t i) { return symbols[i].name == name && symbols[i].module == module; });
    if (is_new) symbols.push_back({std::string(name), std::string(module), frame.kind, frame.no_name});
    return index;
  }

  std::vector<Symbol> symbols;
  HashIndex by_name;
  std::vector<Edge> edges;  // edge i leads to node i
  HashIndex by_edge;

  // Of the profile that is being added: the symbols of frame i, outermost
  // function first, are path[first[i] … first[i + 1]).
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> path;
  // … and why names are missing in its mappings, as far as that was asked.
  std::vector<std::uint32_t> reason_of_mapping;
  std::unordered_map<std::string, std::uint32_t> reasons{{"", 0}};
};

FlameTree::FlameTree() : index_(std::make_unique<Index>()), nodes_(1) {
  nodes_[0].name = "total";
  nodes_[0].kind = FrameKind::unknown;
  index_->edges.push_back({HashIndex::kNone, HashIndex::kNone});
}

FlameTree::FlameTree(FlameTree&&) noexcept = default;
FlameTree& FlameTree::operator=(FlameTree&&) noexcept = default;
FlameTree::~FlameTree() = default;

std::uint32_t FlameTree::child(std::uint32_t parent, std::uint32_t symbol) {
  auto next = static_cast<std::uint32_t>(nodes_.size());
  auto [node, is_new] = index_->by_edge.find_or_insert(hash_mix(parent, symbol), next, [&](std::uint32_t i) {
    return index_->edges[i].parent == parent && index_->edges[i].symbol == symbol;
  });
  if (!is_new) return node;
  index_->edges.push_back({parent, symbol});
  nodes_[parent].children.push_back(node);
  const Index::Symbol& from = index_->symbols[symbol];
  nodes_.push_back({.name = from.name,
                    .module = from.module,
                    .kind = from.kind,
                    .no_name = from.no_name,
                    .reason = from.reason});
  return node;
}

std::uint32_t FlameTree::reason_of(const Frame& frame, const std::vector<Mapping>& mappings) {
  if (frame.mapping >= mappings.size()) return 0;
  std::uint32_t& reason = index_->reason_of_mapping[frame.mapping];
  if (reason != kNotAsked) return reason;
  auto next = static_cast<std::uint32_t>(reasons_.size());
  auto [known, is_new] = index_->reasons.try_emplace(mappings[frame.mapping].why_no_name, next);
  if (is_new) reasons_.push_back(known->first);
  return reason = known->second;
}

void FlameTree::add(const Profile& profile) {
  assert(index_ && "finish() was called");
  std::vector<std::uint32_t>& first = index_->first;
  std::vector<std::uint32_t>& path = index_->path;
  first.clear();
  path.clear();
  index_->reason_of_mapping.assign(profile.mappings.size(), kNotAsked);
  for (const Frame& frame : profile.frames) {
    first.push_back(static_cast<std::uint32_t>(path.size()));
    std::string_view module = module_name(frame, profile.mappings);
    if (frame.lines.empty()) {
      path.push_back(index_->symbol(place_name(module, frame.address), module, frame));
      std::uint32_t& reason = index_->symbols[path.back()].reason;
      if (reason == 0) reason = reason_of(frame, profile.mappings);
    }
    for (auto line = frame.lines.rbegin(); line != frame.lines.rend(); ++line)
      path.push_back(index_->symbol(line->function, module, frame));
  }
  first.push_back(static_cast<std::uint32_t>(path.size()));

  for (const Sample& sample : profile.samples) {
    const Stack& stack = profile.stacks[sample.stack];
    std::uint32_t node = 0;
    nodes_[0].total = add_saturating(nodes_[0].total, sample.value);
    for (auto frame = stack.frames.rbegin(); frame != stack.frames.rend(); ++frame) {
      for (std::uint32_t at = first[*frame]; at < first[*frame + 1]; ++at) {
        node = child(node, path[at]);
        nodes_[node].total = add_saturating(nodes_[node].total, sample.value);
      }
    }
    nodes_[node].self = add_saturating(nodes_[node].self, sample.value);
    auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(sample.count, 0));
    samples_ += count;
    if (stack.complete) complete_ += count;
  }
}

// Which nodes stay: as many of the largest as fit together with the "(other)"
// of each that loses a child.
std::vector<std::uint8_t> FlameTree::choose(std::size_t max_nodes) const {
  std::vector<std::uint32_t> order(nodes_.size());
  std::iota(order.begin(), order.end(), 0u);
  // A parent has a lower index than its children: among equals it comes first.
  std::sort(order.begin() + 1, order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return nodes_[a].total != nodes_[b].total ? nodes_[a].total > nodes_[b].total : a < b;
  });
  std::vector<std::uint32_t> parent(nodes_.size(), 0);
  std::vector<std::size_t> missing(nodes_.size());  // children not kept
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    missing[i] = nodes_[i].children.size();
    for (std::uint32_t c : nodes_[i].children) parent[c] = i;
  }
  std::vector<std::uint8_t> kept(nodes_.size(), 0);
  std::vector<std::uint32_t> taken;
  std::size_t others = 0;
  std::size_t fitting = 0;
  for (std::uint32_t i : order) {
    // With values below zero a child may be larger than its parent; it goes with it.
    if (i != 0 && !kept[parent[i]]) continue;
    if (taken.size() > max_nodes) break;
    kept[i] = 1;
    taken.push_back(i);
    if (i != 0 && --missing[parent[i]] == 0) --others;
    if (missing[i] > 0) ++others;
    if (taken.size() + others <= max_nodes) fitting = taken.size();
  }
  for (std::size_t i = fitting; i < taken.size(); ++i) kept[taken[i]] = 0;
  return kept;
}

void FlameTree::fold(std::size_t max_nodes) {
  std::vector<std::uint8_t> kept = choose(max_nodes);
  std::vector<std::uint32_t> moved(nodes_.size(), 0);
  std::vector<FlameNode> nodes;
  nodes.reserve(max_nodes);
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (!kept[i]) continue;
    moved[i] = static_cast<std::uint32_t>(nodes.size());
    nodes.push_back(std::move(nodes_[i]));
  }
  std::size_t count = nodes.size();
  for (std::size_t i = 0; i < count; ++i) {
    FlameNode other{.name = "(other)", .kind = FrameKind::unknown};
    std::vector<std::uint32_t> children;
    bool folded = false;
    for (std::uint32_t c : nodes[i].children) {
      if (kept[c]) {
        children.push_back(moved[c]);
        continue;
      }
      folded = true;
      other.total = add_saturating(other.total, nodes_[c].total);
    }
    other.self = other.total;
    if (folded) {
      children.push_back(static_cast<std::uint32_t>(nodes.size()));
      nodes.push_back(std::move(other));
    }
    nodes[i].children = std::move(children);
  }
  nodes_ = std::move(nodes);
}

void FlameTree::finish(std::size_t max_nodes) {
  index_.reset();
  if (max_nodes > 0 && nodes_.size() > std::max<std::size_t>(max_nodes, 2))
    fold(std::max<std::size_t>(max_nodes, 2));
  for (FlameNode& node : nodes_) {
    node.children.shrink_to_fit();
    std::sort(node.children.begin(), node.children.end(), [&](std::uint32_t a, std::uint32_t b) {
      const FlameNode& left = nodes_[a];
      const FlameNode& right = nodes_[b];
      return left.total != right.total ? left.total > right.total : left.name < right.name;
    });
  }
}

}  // namespace weir::profile
