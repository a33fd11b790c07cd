#include "store/merge.h"

#include <algorithm>

#include "profile/hash_index.h"

namespace weir::store {
namespace {

using profile::Frame;
using profile::hash_mix;
using profile::hash_string;
using profile::HashIndex;
using profile::Mapping;
using profile::Profile;
using profile::Stack;

std::uint64_t hash_of(const Mapping& mapping) {
  return hash_mix(hash_string(mapping.file, mapping.start), hash_string(mapping.build_id, mapping.offset));
}

std::uint64_t hash_of(const Frame& frame) {
  std::uint64_t hash = hash_mix(frame.address, std::uint64_t{frame.mapping} << 16 |
                                                   static_cast<std::uint64_t>(frame.kind) << 8 |
                                                   static_cast<std::uint64_t>(frame.no_name));
  for (const profile::Line& line : frame.lines)
    hash = hash_string(line.file, hash_string(line.function, hash_mix(hash, line.line)));
  return hash;
}

std::uint64_t hash_of(const Stack& stack) {
  std::uint64_t flags = (stack.complete ? 1u : 0u) | (stack.truncated ? 2u : 0u);
  return profile::hash_bytes(stack.frames.data(), stack.frames.size() * sizeof(std::uint32_t), flags);
}

// Why it lacks names may be told in one profile and not in another: the file is the same.
bool same(const Mapping& a, const Mapping& b) {
  return a.file == b.file && a.build_id == b.build_id && a.start == b.start && a.limit == b.limit &&
         a.offset == b.offset;
}
bool same(const Frame& a, const Frame& b) {
  return a == b;
}
bool same(const Stack& a, const Stack& b) {
  return a == b;
}

template <class T>
std::uint32_t intern(std::vector<T>& table, HashIndex& index, T value) {
  auto next = static_cast<std::uint32_t>(table.size());
  auto [found, is_new] =
      index.find_or_insert(hash_of(value), next, [&](std::uint32_t i) { return same(table[i], value); });
  if (is_new) table.push_back(std::move(value));
  return found;
}

profile::Labels common(const profile::Labels& a, const profile::Labels& b) {
  std::vector<profile::Labels::Pair> pairs;
  std::set_intersection(a.pairs().begin(), a.pairs().end(), b.pairs().begin(), b.pairs().end(),
                        std::back_inserter(pairs));
  return profile::Labels(std::move(pairs));
}

}  // namespace

struct Merger::Impl {
  Profile merged;
  bool empty = true;
  WallTime end;
  HashIndex mappings;
  HashIndex frames;
  HashIndex stacks;
  std::vector<std::uint32_t> mapping_map;  // of the profile being added: its index to ours
  std::vector<std::uint32_t> frame_map;
  std::vector<std::uint32_t> sample_of_stack;  // the merged profile has one sample for each stack

  void add_head(const Profile& profile);
  void add_tables(const Profile& profile);
  void add_sample(const Profile& profile, const profile::Sample& sample);
};

void Merger::Impl::add_head(const Profile& profile) {
  WallTime profile_end = profile.start + std::chrono::duration_cast<WallTime::duration>(profile.duration);
  if (empty) {
    merged.id = profile::ProfileId::random();
    merged.labels = profile.labels;
    merged.type = profile.type;
    merged.period = profile.period;
    merged.start = profile.start;
    end = profile_end;
    empty = false;
    return;
  }
  if (merged.labels != profile.labels) merged.labels = common(merged.labels, profile.labels);
  merged.start = std::min(merged.start, profile.start);
  end = std::max(end, profile_end);
}

void Merger::Impl::add_tables(const Profile& profile) {
  mapping_map.clear();
  for (const Mapping& mapping : profile.mappings) {
    mapping_map.push_back(intern(merged.mappings, mappings, mapping));
    std::string& why = merged.mappings[mapping_map.back()].why_no_name;
    if (why.empty()) why = mapping.why_no_name;
  }
  frame_map.clear();
  for (Frame frame : profile.frames) {
    if (frame.mapping != profile::kNoMapping) frame.mapping = mapping_map[frame.mapping];
    frame_map.push_back(intern(merged.frames, frames, std::move(frame)));
  }
}

void Merger::Impl::add_sample(const Profile& profile, const profile::Sample& sample) {
  Stack stack = profile.stacks[sample.stack];
  for (std::uint32_t& frame : stack.frames) frame = frame_map[frame];
  std::uint32_t index = intern(merged.stacks, stacks, std::move(stack));
  if (index == sample_of_stack.size()) {
    sample_of_stack.push_back(static_cast<std::uint32_t>(merged.samples.size()));
    merged.samples.push_back({.stack = index});
  }
  profile::Sample& sum = merged.samples[sample_of_stack[index]];
  sum.value = profile::add_saturating(sum.value, sample.value);
  sum.count = profile::add_saturating(sum.count, sample.count);
}

Merger::Merger() : impl_(std::make_unique<Impl>()) {}
Merger::~Merger() = default;

void Merger::add(const Profile& profile) {
  const profile::ProfileType& type = impl_->merged.type;
  bool same = profile.type.sample_type == type.sample_type && profile.type.sample_unit == type.sample_unit;
  if (!impl_->empty && !same) return;
  impl_->add_head(profile);
  impl_->add_tables(profile);
  for (const profile::Sample& sample : profile.samples) impl_->add_sample(profile, sample);
}

Profile Merger::take() {
  impl_->merged.duration = impl_->end - impl_->merged.start;
  return std::move(impl_->merged);
}

}  // namespace weir::store
