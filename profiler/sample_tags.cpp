#include "profiler/sample_tags.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/utf8.h"

namespace weir::profiler {

namespace {

using profile::kNoLabels;

class TagWriter {
 public:
  TagWriter(const TargetWindow& window, CommPlace comm, profile::Profile& profile)
      : window_(window), comm_(comm), profile_(profile) {}

  void write() {
    for (const SampleTag& tag : window_.tags()) {
      labels_.push_back(label_set(tag));
      frames_.push_back(comm_frame(tag));
    }
    std::vector<TaggedCount> tagged = window_.tagged();
    std::ranges::sort(tagged, {}, [](const TaggedCount& t) { return std::pair(t.stack, t.tag); });
    auto samples = std::exchange(profile_.samples, {});
    auto at = tagged.begin();
    for (profile::Sample& sample : samples) {
      auto end =
          std::find_if(at, tagged.end(), [&](const TaggedCount& t) { return t.stack != sample.stack; });
      write_sample(sample, {at, end});
      at = end;
    }
  }

 private:
  std::uint32_t label_set(const SampleTag& tag);
  // kNoLabels where there is to be none.
  std::uint32_t comm_frame(const SampleTag& tag);
  void write_sample(const profile::Sample& sample, std::span<const TaggedCount> tagged);

  const TargetWindow& window_;
  CommPlace comm_;
  profile::Profile& profile_;
  std::vector<std::uint32_t> labels_, frames_;  // of each tag
  std::map<SampleTag, std::uint32_t> known_labels_;
  std::map<std::string, std::uint32_t> known_frames_;
};

std::uint32_t TagWriter::label_set(const SampleTag& tag) {
  bool with_comm = comm_ == CommPlace::label || comm_ == CommPlace::both;
  SampleTag shown{.pid = tag.pid, .comm = with_comm ? tag.comm : ""};
  if (shown == SampleTag()) return kNoLabels;
  auto [known, is_new] =
      known_labels_.try_emplace(shown, static_cast<std::uint32_t>(profile_.sample_labels.size()));
  if (!is_new) return known->second;
  std::vector<profile::Labels::Pair> pairs;
  if (shown.pid != 0) pairs.emplace_back("pid", std::to_string(shown.pid));
  if (!shown.comm.empty()) pairs.emplace_back("comm", utf8_text(shown.comm));
  profile_.sample_labels.emplace_back(std::move(pairs));
  return known->second;
}

std::uint32_t TagWriter::comm_frame(const SampleTag& tag) {
  bool wanted = comm_ == CommPlace::stackframe || comm_ == CommPlace::both;
  if (!wanted || tag.comm.empty()) return kNoLabels;
  auto [known, is_new] =
      known_frames_.try_emplace(tag.comm, static_cast<std::uint32_t>(profile_.frames.size()));
  if (is_new) {
    profile_.frames.push_back({.kind = profile::FrameKind::unknown,
                               .no_name = profile::NoName::named,
                               .lines = {{.function = utf8_text(tag.comm), .file = {}}}});
  }
  return known->second;
}

// Gives the samples of one stack their tags; what has a frame for its thread gets a stack of its own.
void TagWriter::write_sample(const profile::Sample& sample, std::span<const TaggedCount> tagged) {
  std::map<std::uint32_t, std::uint32_t> stacks{{kNoLabels, sample.stack}};  // by frame
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> counts;    // by stack and labels
  std::int64_t rest = sample.count;
  for (const TaggedCount& part : tagged) rest -= part.count;
  if (rest > 0) counts[{sample.stack, kNoLabels}] += rest;
  bool all_have_frames =
      std::ranges::none_of(tagged, [&](const TaggedCount& part) { return frames_[part.tag] == kNoLabels; });
  // Then the stack as it is has no samples: the first frame may have it.
  bool is_free = rest <= 0 && all_have_frames;
  const std::vector<std::uint32_t> frames = profile_.stacks[sample.stack].frames;
  for (const TaggedCount& part : tagged) {
    std::uint32_t frame = frames_[part.tag];
    auto [stack, is_new] = stacks.try_emplace(frame, sample.stack);
    if (is_new && !std::exchange(is_free, false)) {
      stack->second = static_cast<std::uint32_t>(profile_.stacks.size());
      profile::Stack copy = profile_.stacks[sample.stack];
      copy.frames = frames;
      profile_.stacks.push_back(std::move(copy));
    }
    if (is_new) profile_.stacks[stack->second].frames.push_back(frame);
    counts[{stack->second, labels_[part.tag]}] += part.count;
  }
  for (const auto& [key, count] : counts) {
    profile_.samples.push_back(
        {.stack = key.first, .value = count * profile_.period, .count = count, .labels = key.second});
  }
}

}  // namespace

void apply_tags(const TargetWindow& window, CommPlace comm, profile::Profile& profile) {
  TagWriter(window, comm, profile).write();
}

}  // namespace weir::profiler
