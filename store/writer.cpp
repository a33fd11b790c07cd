#include "store/writer.h"

#include <algorithm>

#include "store/group.h"
#include "store/packing.h"

namespace weir::store {
namespace {

constexpr std::size_t kMaxSeriesHead = 16u << 10;
constexpr std::size_t kMaxDictionaries = 16u << 20;  // bytes of memory; then another segment begins
constexpr std::size_t kFrameAndHead = 128;           // of a profile or a part in the log, at most

std::uint64_t frames_of(const std::vector<profile::Stack>& stacks) {
  std::uint64_t frames = 0;
  for (const profile::Stack& stack : stacks) frames += stack.frames.size();
  return frames;
}

}  // namespace

std::size_t Writer::Prepared::bytes() const {
  return series_head.size() + part.size() + samples.size() + 3 * kFrameAndHead;
}

void Writer::resume(std::uint32_t series, std::uint32_t number, std::vector<Place> parts) {
  segment_ = log_.active();
  next_number_ = std::max(next_number_, number + 1);
  series_[series] = {.number = number, .parts = std::move(parts), .dictionary = std::nullopt};
}

void Writer::begin_if_full(std::int64_t start) {
  bool same = !log_.would_begin() && log_.active() == segment_;
  bool late = first_start_ && start - *first_start_ > limits_.segment_span.count();
  if (same && !late && log_.segments().at(segment_) < limits_.segment_bytes && memory_ < kMaxDictionaries)
    return;
  log_.close_active();
  segment_ = 0;
  series_.clear();
  next_number_ = 0;
  memory_ = 0;
  first_start_.reset();
}

Result<Writer::Series*> Writer::find(std::uint32_t series, const SeriesKey& key, std::string& head) {
  if (auto known = series_.find(series); known != series_.end()) {
    Series& found = known->second;
    if (found.dictionary) return &found;
    auto segment = log_.reader(segment_);
    auto dictionary = segment ? read_dictionary(*segment, found.parts) : fail_read(segment.error());
    if (!dictionary) return fail(dictionary.error());
    found.dictionary = *std::move(dictionary);
    memory_ += found.dictionary->memory();
    return &found;
  }
  head = encode_head(SeriesRecord{next_number_, key});
  if (head.size() > kMaxSeriesHead) return fail("its labels take {} bytes, too many", head.size());
  Series& added = series_[series];
  added.number = next_number_++;
  added.dictionary.emplace();
  return &added;
}

Result<Writer::Prepared> Writer::prepare(std::uint32_t series, const SeriesKey& key,
                                         const profile::Profile& profile) {
  std::uint64_t frames = frames_of(profile.stacks);
  if (frames > Dictionary::kMaxFrames)
    return fail("its stacks have {} frames, more than {}", frames, Dictionary::kMaxFrames);
  begin_if_full(to_nanoseconds(profile.start));
  Prepared prepared{.series = series, .segment = segment_};
  auto found = find(series, key, prepared.series_head);
  bool is_full = found && (*found)->dictionary->stack_frames() + frames > Dictionary::kMaxFrames;
  // Its dictionary cannot be read any more, or takes no more: not gone on with.
  if ((!found && series_.contains(series)) || is_full) {
    log_.close_active();
    begin_if_full(to_nanoseconds(profile.start));
    prepared.segment = segment_;
    found = find(series, key, prepared.series_head);
  }
  if (!found) return fail(found.error());
  Dictionary& dictionary = *(*found)->dictionary;
  std::size_t before = dictionary.memory();
  Samples samples{.period = profile.period, .sums = dictionary.add(profile)};
  memory_ += dictionary.memory() - before;
  prepared.profile = {.series = (*found)->number,
                      .id = profile.id,
                      .start = profile.start,
                      .duration = profile.duration,
                      .total = samples.total(),
                      .samples = samples.count(),
                      .stacks = samples.stacks()};
  auto body = encode_samples(samples);
  auto part = dictionary.has_unwritten() ? pack(dictionary.unwritten()) : std::string();
  if (!body || !part) {
    give_up(prepared);
    return fail(!body ? body.error() : part.error());
  }
  prepared.samples = *std::move(body);
  prepared.part = *std::move(part);
  if (!prepared.part.empty()) {
    auto number = static_cast<std::uint32_t>((*found)->parts.size());
    prepared.part_head = encode_head(PartRecord{(*found)->number, number, dictionary.stacks()});
  }
  return prepared;
}

// All of it or nothing: a part that nobody knows of would be missing for what is written behind it.
Result<Writer::Written> Writer::write(Prepared prepared) {
  std::string head = encode_head(prepared.profile);
  std::vector<SegmentLog::Record> records;
  if (!prepared.series_head.empty()) records.push_back({prepared.series_head, {}});
  if (!prepared.part.empty()) records.push_back({prepared.part_head, prepared.part});
  records.push_back({head, prepared.samples});
  bool has_segment = prepared.segment == 0 || !log_.would_begin();
  auto places = has_segment ? log_.append_all(records) : fail("somebody has removed the segment");
  if (!places) {
    give_up(prepared);
    return fail(places.error());
  }
  segment_ = places->back().segment;
  Series& series = series_.at(prepared.series);
  Written written{.part = std::nullopt, .stacks = series.dictionary->stacks(), .profile = places->back()};
  if (!prepared.part.empty()) {
    written.part = places->at(places->size() - 2);
    series.dictionary->mark_written();
    series.parts.push_back(*written.part);
  }
  if (!first_start_) first_start_ = to_nanoseconds(prepared.profile.start);
  return written;
}

// What the dictionary has got of the profile is on no disk: the next time it is read again.
void Writer::give_up(const Prepared& prepared) {
  auto found = series_.find(prepared.series);
  if (found == series_.end()) return;
  if (found->second.dictionary) memory_ -= found->second.dictionary->memory();
  found->second.dictionary.reset();
  if (!prepared.series_head.empty()) series_.erase(found);
}

}  // namespace weir::store
