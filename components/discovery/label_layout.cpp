#include "components/discovery/label_layout.h"

#include <algorithm>

#include "profile/hash_index.h"

namespace weir::discovery {
namespace {

// Past this many it forgets all: what is in use is found again with the next targets.
constexpr std::size_t kMostLayouts = 4096;

}  // namespace

std::uint64_t hash_names(const std::vector<std::string_view>& names) {
  std::uint64_t hash = 0;
  for (std::string_view name : names) hash = profile::hash_string(name, hash);
  return hash;
}

LabelLayout::LabelLayout(const std::vector<std::string_view>& names, std::vector<Slot> slots)
    : slots_(std::move(slots)), names_hash_(hash_names(names)) {
  std::size_t size = 0;
  for (std::string_view name : names) size += name.size();
  text_.reserve(size);
  names_.reserve(names.size());
  for (std::string_view name : names) {
    std::size_t begin = text_.size();
    text_ += name;
    names_.emplace_back(text_.data() + begin, name.size());
  }
  is_flat_ = std::ranges::all_of(slots_, [](Slot slot) { return slot < 0; });
  if (!slots_.empty()) return;
  slots_.resize(names.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i] = ~static_cast<Slot>(i);
}

LayoutPtr LabelLayout::make(const std::vector<std::string_view>& names, std::vector<Slot> slots) {
  return LayoutPtr(new LabelLayout(names, std::move(slots)));
}

std::size_t LabelLayout::find(std::string_view name) const {
  auto it = std::ranges::lower_bound(names_, name);
  if (it == names_.end() || *it != name) return names_.size();
  return static_cast<std::size_t>(it - names_.begin());
}

LayoutPtr LayoutTable::of(const std::vector<std::string_view>& names) {
  if (known_.size() >= kMostLayouts) known_.clear();
  LayoutPtr& known = known_[hash_names(names)];
  if (!known || !known->is_flat() || !known->has_names(names)) known = LabelLayout::make(names);
  return known;
}

LayoutPtr LayoutTable::of(const std::vector<std::string_view>& names,
                          const std::vector<LabelLayout::Slot>& slots) {
  if (known_.size() >= kMostLayouts) known_.clear();
  std::string_view bytes(reinterpret_cast<const char*>(slots.data()), slots.size() * sizeof(slots[0]));
  LayoutPtr& known = known_[profile::hash_string(bytes, hash_names(names))];
  if (!known || !known->has_slots(slots) || !known->has_names(names)) known = LabelLayout::make(names, slots);
  return known;
}

}  // namespace weir::discovery
