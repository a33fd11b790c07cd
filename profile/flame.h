// A flame tree: stacks merged from the root, ready to draw.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profile/profile.h"

namespace weir::profile {

struct FlameNode {
  std::string name;
  std::string module;  // base name of the mapping's file
  FrameKind kind = FrameKind::native;
  NoName no_name = NoName::named;
  std::uint32_t reason = 0;  // why it has no name, in full: index into FlameTree::reasons
  std::int64_t total = 0;
  std::int64_t self = 0;
  std::int64_t before_total = 0;  // of the profiles added as the time before
  std::int64_t before_self = 0;
  std::vector<std::uint32_t> children;  // indexes into FlameTree::nodes, largest first after finish()
};

// nodes[0] is the root ("total"). Frames of equal name and module under the
// same parent are one node; inlined functions are nodes of their own.
class FlameTree {
 public:
  FlameTree();
  FlameTree(FlameTree&&) noexcept;
  FlameTree& operator=(FlameTree&&) noexcept;
  ~FlameTree();

  // Values below zero (of foreign profiles) are added as they are.
  void add(const Profile& profile);
  // What the others are compared with.
  void add_before(const Profile& profile);
  // Sorts siblings and folds what is beyond `max_nodes` (smallest first) into
  // an "(other)" beside what is kept, so that there are never more nodes than
  // that (at least 2; 0: no limit). Nothing may be added afterwards.
  void finish(std::size_t max_nodes);

  const std::vector<FlameNode>& nodes() const { return nodes_; }
  // The first is empty.
  const std::vector<std::string>& reasons() const { return reasons_; }
  std::int64_t total() const { return nodes_[0].total; }
  std::int64_t before_total() const { return nodes_[0].before_total; }
  // Whether add_before() was called.
  bool has_before() const { return has_before_; }
  std::uint64_t samples() const { return samples_; }
  std::uint64_t complete_samples() const { return complete_; }

 private:
  struct Index;  // finds children while stacks are added; gone after finish()

  enum class Side { before, after };

  void read_names(const Profile& profile);
  void add_stack(const Stack& stack, std::int64_t value, Side side);
  std::uint32_t child(std::uint32_t parent, std::uint32_t symbol);
  std::uint32_t reason_of(const Frame& frame, const std::vector<Mapping>& mappings);
  std::vector<std::uint8_t> choose(std::size_t max_nodes) const;
  void fold(std::size_t max_nodes);

  std::unique_ptr<Index> index_;
  std::vector<FlameNode> nodes_;
  std::vector<std::string> reasons_{""};
  std::uint64_t samples_ = 0;
  std::uint64_t complete_ = 0;
  bool has_before_ = false;
};

}  // namespace weir::profile
