#include "components/discovery/target_maker.h"

#include <string_view>
#include <utility>

namespace weir::discovery {
namespace {

using Labels = TargetMaker::Labels;

std::size_t value_bytes_of(const Labels& labels) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : labels) bytes += value.size();
  return bytes;
}

// Names are in memory once for all targets that have them: they count for the first.
std::size_t name_bytes_of(const Target& target) {
  constexpr long kItsAndTheTables = 2;
  if (target.layout().use_count() > kItsAndTheTables) return 0;
  std::size_t bytes = 0;
  for (const auto& [name, value] : target.labels()) bytes += name.size();
  return bytes;
}

}  // namespace

void TargetMaker::set_common(Labels labels) {
  common_ = std::move(labels);
  is_full_ = !count_.add(0, label_bytes_of(common_));
}

void TargetMaker::add(Labels own) {
  is_full_ = is_full_ || !count_.add(1, label_bytes_of(own));
  if (is_full_) return leave_out(1);
  own_.push_back(std::move(own));
}

MadeTargets TargetMaker::take(const TargetPtr& former) {
  MadeTargets made{.targets = {}, .label_bytes = value_bytes_of(common_), .left_out = left_out_};
  made.targets.reserve(own_.size());
  for (const auto& own : own_) made.label_bytes += value_bytes_of(own);
  if (own_.size() == 1) {
    common_.insert(common_.end(), own_[0].begin(), own_[0].end());
    made.targets.push_back(Target::make(std::move(common_), layouts_));
  } else if (!own_.empty()) {
    TargetPtr base = Target::make(std::move(common_), layouts_);
    if (former && former->base() && *former->base() == *base) base = former->base();
    for (const auto& own : own_) made.targets.push_back(make(base, own));
  }
  if (made.targets.empty()) made.label_bytes = 0;
  for (const auto& target : made.targets) made.label_bytes += name_bytes_of(*target);
  return made;
}

// Merges two rows of names.
TargetPtr TargetMaker::make(const TargetPtr& base, const Labels& own) const {
  std::vector<std::string_view> names, values;
  std::vector<LabelLayout::Slot> slots;
  std::size_t at = 0;
  auto take_base_until = [&](auto is_before) {
    for (; at < base->size() && is_before(base->name(at)); ++at) {
      names.push_back(base->name(at));
      slots.push_back(static_cast<LabelLayout::Slot>(at));
    }
  };
  for (std::size_t index : order_of(own)) {
    const auto& [name, value] = own[index];
    take_base_until([&](std::string_view before) { return before < name; });
    if (at < base->size() && base->name(at) == name) ++at;
    if (value.empty()) continue;
    names.emplace_back(name);
    slots.push_back(~static_cast<LabelLayout::Slot>(values.size()));
    values.emplace_back(value);
  }
  take_base_until([](std::string_view) { return true; });
  LayoutPtr layout = layouts_.of(names, slots);
  // What takes nothing from a base must not have one: its slots are its own.
  TargetPtr its_base = layout->is_flat() ? nullptr : base;
  return Target::make(std::move(layout), std::move(its_base), values);
}

}  // namespace weir::discovery
