// Target: a label set that says what to profile. Immutable and shared; in the
// language it is an object like any other.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "components/discovery/label_layout.h"
#include "lang/value.h"

namespace weir::discovery {

class Target;
using TargetPtr = std::shared_ptr<const Target>;

// One block of memory: its own values, end to end. Names are its layout's, which targets with the same names
// share; what another target has already it takes from there (its base), so that what rules make of a target
// costs only what they wrote.
class Target final : public lang::Map {
 public:
  using Label = std::pair<std::string, std::string>;
  using LabelView = std::pair<std::string_view, std::string_view>;

  // Sorts by name; of equal names the last stands; empty values are absent labels.
  static TargetPtr make(std::vector<Label> labels);
  // Who makes many lets them share their names.
  static TargetPtr make(std::vector<Label> labels, LayoutTable& layouts);
  // Values in the places that the layout names: the base's, which has no base itself, and `own`. None is
  // empty.
  static TargetPtr make(LayoutPtr layout, TargetPtr base, std::span<const std::string_view> own);

  auto labels() const {  // of LabelView, by name
    return std::views::iota(std::size_t{0}, size()) |
           std::views::transform([this](std::size_t i) { return LabelView(name(i), value(i)); });
  }
  std::string_view name(std::size_t index) const { return layout_->name(index); }
  std::string_view value(std::size_t index) const {
    LabelLayout::Slot slot = layout_->slot(index);
    return slot < 0 ? own(static_cast<std::size_t>(~slot)) : base_->own(static_cast<std::size_t>(slot));
  }
  std::string_view get(std::string_view name) const;  // "" when absent
  // Computed when it is first asked for.
  std::uint64_t hash() const;
  bool operator==(const Target& other) const;

  const LayoutPtr& layout() const { return layout_; }
  const TargetPtr& base() const { return base_; }  // null: all values are its own

  std::size_t size() const override { return layout_->size(); }
  std::optional<lang::Value> find(std::string_view key) const override;
  void visit(const std::function<void(std::string_view, const lang::Value&)>& each) const override;
  std::optional<bool> equals(const lang::Map& other) const override;

  class Key;  // only make() constructs one
  Target(const Key& key, LayoutPtr layout, TargetPtr base, std::span<const std::string_view> own);

 private:
  std::string_view own(std::size_t index) const {
    std::uint32_t begin = index == 0 ? 0 : ends_[index - 1];
    return {bytes_ + begin, ends_[index] - begin};
  }
  bool has_bytes_of(const Target& other) const;

  LayoutPtr layout_;
  TargetPtr base_;
  const std::uint32_t* ends_;  // behind the object, then the bytes
  const char* bytes_;
  mutable std::atomic<std::uint64_t> hash_ = 0;  // 0: nobody has asked
};

// Where labels stand, in order of their names: of equal ones the last.
std::vector<std::size_t> order_of(const std::vector<Target::Label>& labels);

}  // namespace weir::discovery
