// TargetWindow: what one target did since the last window ended. Frames are
// places in files (not names, not addresses of a process), each kept once, and
// so are stacks; processes that run the same code share them.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profile/hash_index.h"
#include "profile/profile.h"
#include "profiler/process/module.h"
#include "profiler/sampler.h"

namespace weir::profiler {

// Where a frame is. `module` may be null: kernel code, or no mapping at all.
struct Place {
  profile::FrameKind kind = profile::FrameKind::unknown;
  profile::NoName why = profile::NoName::no_mapping;  // for places without a module
  std::uint32_t mapping = profile::kNoMapping;        // index into mappings()
  std::uint64_t offset = 0;                           // in the module's file; else the address

  bool operator==(const Place&) const = default;
};

// How a stack ended.
struct StackEnding {
  StackEnd end = StackEnd::thread_start;
  std::uint8_t stop = 0;  // cpu_sample_stop of its user part; 0: it has none
  bool truncated = false;

  bool operator==(const StackEnding&) const = default;
};

struct WindowStack {
  std::uint32_t first = 0;  // into frame_indexes()
  std::uint32_t size = 0;
  StackEnding ending;
  std::int64_t count = 0;
};

// Of which thread a sample is, as far as its profile is to say so.
struct SampleTag {
  std::uint32_t pid = 0;  // 0: not said
  std::string comm;       // empty: not said

  auto operator<=>(const SampleTag&) const = default;
};

// How many samples of a stack had a tag.
struct TaggedCount {
  std::uint32_t stack = 0;  // index into stacks()
  std::uint32_t tag = 0;    // index into tags()
  std::int64_t count = 0;
};

class TargetWindow {
 public:
  // A mapping is kept once, however many processes have it.
  std::uint32_t mapping(const ProcessMapping& mapping);
  std::uint32_t place(const Place& place);
  // Frames are indexes of places, leaf first. False when the window holds as many stacks as it may.
  bool add(std::span<const std::uint32_t> frames, StackEnding ending);

  // Of the sample that was added last.
  void tag_last(const SampleTag& tag);

  bool empty() const { return samples_ == 0; }
  std::int64_t samples() const { return samples_; }
  const std::vector<ProcessMapping>& mappings() const { return mappings_; }
  const std::vector<Place>& places() const { return places_; }
  const std::vector<WindowStack>& stacks() const { return stacks_; }
  const std::vector<SampleTag>& tags() const { return tags_; }
  // Their sum is smaller than the stacks' where not all samples were tagged.
  const std::vector<TaggedCount>& tagged() const { return tagged_; }
  std::span<const std::uint32_t> frames(const WindowStack& stack) const {
    return std::span(frame_indexes_).subspan(stack.first, stack.size);
  }

 private:
  static constexpr std::size_t kMostStacks = 64u << 10;
  static constexpr std::size_t kMostTagged = 256u << 10;
  static constexpr std::size_t kMostFrameIndexes = 4u << 20;

  std::vector<ProcessMapping> mappings_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> frame_indexes_;
  std::vector<WindowStack> stacks_;
  profile::HashIndex mapping_index_;
  profile::HashIndex place_index_;
  std::vector<SampleTag> tags_;
  std::vector<TaggedCount> tagged_;
  std::uint32_t last_stack_ = 0;
  profile::HashIndex tag_index_;
  profile::HashIndex tagged_index_;
  profile::HashIndex stack_index_;
  std::int64_t samples_ = 0;
};

}  // namespace weir::profiler
