#include "profiler/window.h"

#include <algorithm>

namespace weir::profiler {

using profile::hash_mix;

std::uint32_t TargetWindow::mapping(const ProcessMapping& mapping) {
  // The same part of the same file; where it lies differs from process to process. Anonymous memory is
  // only itself.
  std::uint64_t part = mapping.module->is_anonymous() ? mapping.start : mapping.offset;
  auto hash = hash_mix(reinterpret_cast<std::uintptr_t>(mapping.module.get()), part);
  auto [index, is_new] = mapping_index_.find_or_insert(
      hash, static_cast<std::uint32_t>(mappings_.size()), [&](std::uint32_t at) {
        const ProcessMapping& known = mappings_[at];
        return known.module == mapping.module && known.offset == mapping.offset &&
               (!known.module->is_anonymous() || known.start == mapping.start);
      });
  if (is_new) mappings_.push_back(mapping);
  return index;
}

std::uint32_t TargetWindow::place(const Place& place) {
  auto hash =
      hash_mix(place.offset, std::uint64_t{place.mapping} << 8 | static_cast<std::uint64_t>(place.kind));
  auto [index, is_new] = place_index_.find_or_insert(hash, static_cast<std::uint32_t>(places_.size()),
                                                     [&](std::uint32_t at) { return places_[at] == place; });
  if (is_new) places_.push_back(place);
  return index;
}

bool TargetWindow::add(std::span<const std::uint32_t> frames, StackEnding ending) {
  auto hash = profile::hash_bytes(frames.data(), frames.size_bytes(),
                                  static_cast<std::uint64_t>(ending.end) | (std::uint64_t{ending.stop} << 8) |
                                      (ending.truncated ? 1u << 16 : 0u));
  std::uint32_t found = stack_index_.find(hash, [&](std::uint32_t at) {
    const WindowStack& stack = stacks_[at];
    return stack.ending == ending && std::ranges::equal(this->frames(stack), frames);
  });
  if (found == profile::HashIndex::kNone) {
    if (stacks_.size() >= kMostStacks || frame_indexes_.size() + frames.size() > kMostFrameIndexes)
      return false;
    found = static_cast<std::uint32_t>(stacks_.size());
    stacks_.push_back({static_cast<std::uint32_t>(frame_indexes_.size()),
                       static_cast<std::uint32_t>(frames.size()), ending, 0});
    frame_indexes_.insert(frame_indexes_.end(), frames.begin(), frames.end());
    stack_index_.insert(hash, found);
  }
  ++stacks_[found].count;
  ++samples_;
  last_stack_ = found;
  return true;
}

// Beyond the limit samples stay without a tag.
void TargetWindow::tag_last(const SampleTag& tag) {
  if (tagged_.size() >= kMostTagged) return;
  auto [name, is_new_tag] = tag_index_.find_or_insert(profile::hash_string(tag.comm, tag.pid),
                                                      static_cast<std::uint32_t>(tags_.size()),
                                                      [&](std::uint32_t at) { return tags_[at] == tag; });
  if (is_new_tag) tags_.push_back(tag);
  std::uint32_t index = name;
  auto [entry, is_new] = tagged_index_.find_or_insert(
      hash_mix(last_stack_, index), static_cast<std::uint32_t>(tagged_.size()),
      [&](std::uint32_t at) { return tagged_[at].stack == last_stack_ && tagged_[at].tag == index; });
  if (is_new) tagged_.push_back({.stack = last_stack_, .tag = index});
  ++tagged_[entry].count;
}

}  // namespace weir::profiler
