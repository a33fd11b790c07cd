#include "store/group.h"

#include <algorithm>
#include <set>

#include "store/packing.h"
#include "store/replay.h"

namespace weir::store {
namespace {

WallTime end_of(const ProfileRecord& profile) {
  return profile.start + std::chrono::duration_cast<WallTime::duration>(profile.duration);
}

std::int64_t window_of(const Index::Entry& entry, Duration window) {
  std::int64_t offset = entry.start % window.count();
  return entry.start - (offset < 0 ? offset + window.count() : offset);
}

// Sound bytes that mean nothing.
std::unexpected<ReadError> fail_nonsense(const Error& error) {
  return fail_read(ReadError::Why::nonsense, "{}", error.message);
}

std::unexpected<ReadError> fail_append(const Error& error) {
  return fail_read(ReadError::Why::refused, "{}", error.message);
}

}  // namespace

ReadResult<Dictionary> read_dictionary(const SegmentReader& segment, const std::vector<Place>& parts) {
  Dictionary dictionary;
  for (Place place : parts) {
    auto record = segment.read(place);
    if (!record) return fail_read(record.error());
    auto part = unpack(record->body);
    if (!part) return fail_nonsense(part.error());
    if (auto ok = dictionary.read_part(*part); !ok) return fail_nonsense(ok.error());
  }
  return dictionary;
}

Result<> StackSums::add(const ProfileRecord& head, const Samples& samples) {
  if (samples.stacks() > sums_.size()) return fail("read a stored profile: its dictionary has no such stack");
  if (profiles_++ == 0) {
    period_ = samples.period;
    start_ = head.start;
    end_ = end_of(head);
  }
  start_ = std::min(start_, head.start);
  end_ = std::max(end_, end_of(head));
  for (const StackSum& sum : samples.sums) {
    StackSum& all = sums_[sum.stack];
    all.stack = sum.stack;
    all.value = profile::add_saturating(all.value, sum.value);
    all.count = profile::add_saturating(all.count, sum.count);
  }
  return {};
}

std::pair<ProfileRecord, Samples> StackSums::take() {
  Samples samples{.period = period_, .sums = {}};
  for (StackSum& sum : sums_) {
    if (sum.value != 0 || sum.count != 0) samples.sums.push_back(sum);
    sum = {};
  }
  profiles_ = 0;
  ProfileRecord record{.id = profile::ProfileId::random(),
                       .start = start_,
                       .duration = end_ - start_,
                       .total = samples.total(),
                       .samples = samples.count(),
                       .stacks = samples.stacks()};
  return {record, std::move(samples)};
}

ReadResult<std::pair<ProfileRecord, Samples>> read_profile(const SegmentReader& segment,
                                                           const Index::Entry& entry) {
  using enum ReadError::Why;
  auto content = segment.read(entry.place);
  if (!content) return fail_read(content.error());
  auto head = decode_head(content->head);
  auto* record = head ? std::get_if<ProfileRecord>(&*head) : nullptr;
  if (record == nullptr) return fail_read(nonsense, "read a stored profile: another record stands there");
  Index::Entry found = index_entry(*record, entry.place);
  if (found.start != entry.start || found.total != entry.total || found.samples != entry.samples)
    return fail_read(nonsense, "read a stored profile: another one stands there");
  auto samples = decode_samples(content->body);
  if (!samples) return fail_nonsense(samples.error());
  return std::pair(*record, *std::move(samples));
}

ReadResult<profile::Profile> read_group(const SegmentLog& log, const Index::Group& group) {
  auto segment = log.reader(group.segment);
  if (!segment) return fail_read(segment.error());
  auto dictionary = read_dictionary(*segment, group.parts);
  if (!dictionary) return fail_read(dictionary.error());
  StackSums sums(*dictionary);
  for (const Index::Entry& entry : group.entries) {
    auto read = read_profile(*segment, entry);
    if (!read) return fail_read(read.error());
    if (auto ok = sums.add(read->first, read->second); !ok) return fail_nonsense(ok.error());
  }
  auto [record, samples] = sums.take();
  profile::Profile profile{.id = record.id, .labels = group.key->labels, .type = group.key->type};
  profile.period = samples.period;
  profile.start = record.start;
  profile.duration = record.duration;
  if (auto ok = dictionary->expand(samples.sums, profile); !ok) return fail_read(ok.error());
  return profile;
}

bool can_be_coarser(const Index::Group& group, Duration window) {
  std::set<std::int64_t> windows;
  return std::ranges::any_of(group.entries, [&](const Index::Entry& entry) {
    return !windows.insert(window_of(entry, window)).second;
  });
}

ReadResult<void> write_coarser(const SegmentReader& from, const Index::Group& group, Duration window,
                               std::uint32_t number, const SegmentLog::Append& append) {
  auto dictionary = read_dictionary(from, group.parts);
  if (!dictionary) return fail_read(dictionary.error());
  auto part = pack(dictionary->whole());
  if (!part) return fail_read(ReadError::Why::too_large, "{}", part.error().message);
  if (auto ok = append(encode_head(SeriesRecord{number, *group.key}), {}); !ok)
    return fail_append(ok.error());
  auto part_head = encode_head(PartRecord{.series = number, .number = 0, .stacks = dictionary->stacks()});
  if (auto ok = append(part_head, *part); !ok) return fail_append(ok.error());

  auto entries = group.entries;
  std::ranges::sort(entries, {}, &Index::Entry::start);
  StackSums sums(*dictionary);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto read = read_profile(from, entries[i]);
    if (!read) return fail_read(read.error());
    if (auto ok = sums.add(read->first, read->second); !ok) return fail_nonsense(ok.error());
    bool last = i + 1 == entries.size();
    if (!last && window_of(entries[i], window) == window_of(entries[i + 1], window)) continue;
    auto [record, samples] = sums.take();
    record.series = number;
    auto body = encode_samples(samples);
    if (!body) return fail_nonsense(body.error());
    if (auto ok = append(encode_head(record), *body); !ok) return fail_append(ok.error());
  }
  return {};
}

}  // namespace weir::store
