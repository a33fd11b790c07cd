#include "profile/flame.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string>
#include <unordered_map>

#include "profile/frame_paths.h"
#include "profile/hash_index.h"

namespace weir::profile {

namespace {

constexpr std::uint32_t kNotAsked = ~std::uint32_t{0};

// What was there before counts as much as what is there now.
std::int64_t size_of(const FlameNode& node) {
  return add_saturating(node.total, node.before_total);
}

}  // namespace

struct FlameTree::Index {
  struct Edge {
    std::uint32_t parent;
    std::uint32_t symbol;
  };

  FramePaths paths;
  std::vector<std::uint32_t> reason_of_symbol;
  std::vector<Edge> edges;  // edge i leads to node i
  HashIndex by_edge;
  // Why names are missing in the mappings of the profile that is being added, as far as that was asked.
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
  const Symbol& from = index_->paths.symbols()[symbol];
  nodes_.push_back({.name = from.name,
                    .module = from.module,
                    .kind = from.kind,
                    .no_name = from.no_name,
                    .reason = index_->reason_of_symbol[symbol]});
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

void FlameTree::read_names(const Profile& profile) {
  assert(index_ && "finish() was called");
  index_->paths.read(profile);
  index_->reason_of_symbol.resize(index_->paths.symbols().size(), 0);
  index_->reason_of_mapping.assign(profile.mappings.size(), kNotAsked);
  for (std::uint32_t i = 0; i < profile.frames.size(); ++i) {
    if (!profile.frames[i].lines.empty()) continue;
    std::uint32_t& reason = index_->reason_of_symbol[index_->paths.of(i).front()];
    if (reason == 0) reason = reason_of(profile.frames[i], profile.mappings);
  }
}

void FlameTree::add_stack(const Stack& stack, std::int64_t value, Side side) {
  auto total = side == Side::after ? &FlameNode::total : &FlameNode::before_total;
  auto self = side == Side::after ? &FlameNode::self : &FlameNode::before_self;
  auto add_to = [&](std::uint32_t node, std::int64_t FlameNode::* sum) {
    nodes_[node].*sum = add_saturating(nodes_[node].*sum, value);
  };
  std::uint32_t node = 0;
  add_to(node, total);
  for (auto frame = stack.frames.rbegin(); frame != stack.frames.rend(); ++frame) {
    for (std::uint32_t symbol : index_->paths.of(*frame)) {
      node = child(node, symbol);
      add_to(node, total);
    }
  }
  add_to(node, self);
}

void FlameTree::add(const Profile& profile) {
  read_names(profile);
  for (const Sample& sample : profile.samples) {
    const Stack& stack = profile.stacks[sample.stack];
    add_stack(stack, sample.value, Side::after);
    auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(sample.count, 0));
    samples_ += count;
    if (stack.complete) complete_ += count;
  }
}

void FlameTree::add_before(const Profile& profile) {
  has_before_ = true;
  read_names(profile);
  for (const Sample& sample : profile.samples)
    add_stack(profile.stacks[sample.stack], sample.value, Side::before);
}

// Which nodes stay: as many of the largest as fit together with the "(other)"
// of each that loses a child.
std::vector<std::uint8_t> FlameTree::choose(std::size_t max_nodes) const {
  std::vector<std::uint32_t> order(nodes_.size());
  std::iota(order.begin(), order.end(), 0u);
  // A parent has a lower index than its children: among equals it comes first.
  std::sort(order.begin() + 1, order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return size_of(nodes_[a]) != size_of(nodes_[b]) ? size_of(nodes_[a]) > size_of(nodes_[b]) : a < b;
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
      other.before_total = add_saturating(other.before_total, nodes_[c].before_total);
    }
    other.self = other.total;
    other.before_self = other.before_total;
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
      return size_of(left) != size_of(right) ? size_of(left) > size_of(right) : left.name < right.name;
    });
  }
}

}  // namespace weir::profile
