// LabelLayout: the names of a target's labels, in order, and where each value
// is. Targets with the same names share one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::discovery {

class LabelLayout;
using LayoutPtr = std::shared_ptr<const LabelLayout>;

class LabelLayout {
 public:
  // 0 and above: a value of the target's base; below: one of its own, the first as -1.
  using Slot = std::int32_t;

  // Names sorted, each once. Without slots: all values are the target's own, in order.
  static LayoutPtr make(const std::vector<std::string_view>& names, std::vector<Slot> slots = {});

  std::size_t size() const { return names_.size(); }
  std::string_view name(std::size_t index) const { return names_[index]; }
  Slot slot(std::size_t index) const { return slots_[index]; }
  bool is_flat() const { return is_flat_; }       // all values are the target's own, in order
  std::size_t find(std::string_view name) const;  // size(): not there
  std::uint64_t names_hash() const { return names_hash_; }
  bool has_names(const std::vector<std::string_view>& names) const { return names_ == names; }
  bool has_slots(const std::vector<Slot>& slots) const { return slots_ == slots; }
  bool has_names_of(const LabelLayout& other) const {
    return names_hash_ == other.names_hash_ && names_ == other.names_;
  }
  bool operator==(const LabelLayout& other) const { return has_names_of(other) && slots_ == other.slots_; }

  LabelLayout(const LabelLayout&) = delete;
  LabelLayout& operator=(const LabelLayout&) = delete;

 private:
  LabelLayout(const std::vector<std::string_view>& names, std::vector<Slot> slots);

  std::string text_;  // what the names are views of
  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;
  std::uint64_t names_hash_ = 0;
  bool is_flat_ = true;
};

std::uint64_t hash_names(const std::vector<std::string_view>& names);

// The layouts of the targets that one maker made lately. Belongs to it: no mutex.
class LayoutTable {
 public:
  LayoutPtr of(const std::vector<std::string_view>& names);
  LayoutPtr of(const std::vector<std::string_view>& names, const std::vector<LabelLayout::Slot>& slots);

 private:
  std::unordered_map<std::uint64_t, LayoutPtr> known_;  // by the hash of names and slots
};

}  // namespace weir::discovery
