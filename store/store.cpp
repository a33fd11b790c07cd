#include "store/store.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "store/index.h"
#include "store/merge.h"
#include "store/record.h"
#include "store/segment_log.h"

namespace weir::store {
namespace {

using profile::Profile;

constexpr std::uint64_t kMinSegment = 64u << 10;
constexpr std::uint64_t kMaxSegment = 16u << 20;
constexpr std::size_t kMaxHeads = 32u << 10;  // of a series and a profile; smaller than any segment
constexpr int kSegmentsByAge = 8;             // a segment spans at most this part of the retention
constexpr std::size_t kMaxReasons = 16;

// Labels that begin with "__" tell which process or container a profile is of: they would make a
// series of every process that ever ran. A server does not get to see them either.
profile::Labels kept_labels(const profile::Labels& labels) {
  auto pairs = labels.pairs();
  std::erase_if(pairs,
                [](const auto& pair) { return pair.first.starts_with("__") && pair.first != kTypeLabel; });
  return profile::Labels(std::move(pairs));
}

std::uint32_t segment_bytes(std::uint64_t max_bytes) {
  return static_cast<std::uint32_t>(std::clamp(max_bytes / 8, kMinSegment, kMaxSegment));
}

// Tells the series of one segment's records from each other.
class Replay {
 public:
  explicit Replay(Index& index) : index_(index) {}

  void record(Place place, std::string_view head) {
    if (place.segment != segment_) {
      segment_ = place.segment;
      series_.clear();
    }
    auto decoded = decode_head(head);
    if (!decoded) return;  // of a later version: not ours to show
    if (auto* series = std::get_if<SeriesRecord>(&*decoded)) {
      series_[series->number] = index_.series_number(series->key);
      return;
    }
    const auto& profile = std::get<ProfileRecord>(*decoded);
    auto series = series_.find(profile.series);
    if (series != series_.end()) index_.add(series->second, entry(profile, place));
  }

  static Index::Entry entry(const ProfileRecord& profile, Place place) {
    return {.start = to_nanoseconds(profile.start),
            .total = profile.total,
            .place = place,
            .samples = static_cast<std::uint32_t>(std::min<std::uint64_t>(profile.samples, UINT32_MAX))};
  }

  std::uint32_t segment() const { return segment_; }
  // Number in the segment to number in the index.
  const std::unordered_map<std::uint32_t, std::uint32_t>& series() const { return series_; }

 private:
  Index& index_;
  std::uint32_t segment_ = 0;
  std::unordered_map<std::uint32_t, std::uint32_t> series_;
};

struct Limits {
  Duration retention{};
  std::uint64_t max_bytes = 0;
};

// What reading and writing share. `write` is taken before `index`, never after it;
// nothing touches the disk under `index`.
struct State {
  std::mutex write;  // guards log's methods but read(), and what stands here up to the next mutex
  std::unique_ptr<SegmentLog> log;
  Limits limits;
  std::unordered_map<std::uint32_t, std::uint32_t> active_series;  // index number to number in the segment
  std::uint32_t active_segment = 0;                                // they belong to
  std::int64_t active_start = 0;                                   // of its first profile

  std::mutex index_mutex;  // guards the rest
  Index index;
  std::optional<Limits> new_limits;  // for the next one who writes: who sets them must not wait for the disk
  Store::Stats stats;
};

// Under `write`.
void take_new_limits(State& s) {
  std::lock_guard index_lock(s.index_mutex);
  if (!s.new_limits) return;
  s.limits = *std::exchange(s.new_limits, std::nullopt);
  s.log->set_segment_bytes(segment_bytes(s.limits.max_bytes));
}

// Under `write`.
void publish_stats(State& s) {
  const auto& reasons = s.log->set_aside();
  std::lock_guard index_lock(s.index_mutex);
  s.stats.bytes = s.log->bytes();
  s.stats.segments = s.log->segments().size();
  s.stats.corrupt_segments = reasons.size();
  auto few = static_cast<std::ptrdiff_t>(std::min(reasons.size(), kMaxReasons));
  s.stats.set_aside.assign(reasons.end() - few, reasons.end());
}

class SegmentStore : public Store {
 public:
  explicit SegmentStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

  Result<> append(const Profile& profile) override;
  void expire(WallTime now) override;
  void set_limits(Duration retention, std::uint64_t max_bytes) override;
  Stats stats() const override;

  std::vector<ServiceSummary> services(TimeRange range) const override;
  Result<profile::FlameTree> flame(const Selection& selection, std::size_t max_nodes) const override;
  std::vector<SeriesPoint> series(const Selection& selection, Duration step) const override;
  Result<Profile> merge(const Selection& selection) const override;

 private:
  Result<Place> write(const Profile& profile, const SeriesKey& key, std::uint32_t series,
                      std::string_view body);
  Result<std::uint32_t> number_in_segment(const SeriesKey& key, std::uint32_t series);
  void make_room(std::uint64_t bytes);
  template <class Use>
  void read_all(const Selection& selection, Use use) const;
  std::optional<LogContent> read_again(const Index::Found& found) const;
  void salvage(std::uint32_t segment) const;

  std::unique_ptr<State> state_;
};

Result<> SegmentStore::append(const Profile& profile) {
  std::string body = encode_body(profile);
  SeriesKey key{kept_labels(profile.labels), profile.type};
  State& s = *state_;
  std::lock_guard write_lock(s.write);
  take_new_limits(s);
  make_room(body.size() + kMaxHeads);
  std::uint32_t series = 0;
  {
    std::lock_guard index_lock(s.index_mutex);
    series = s.index.series_number(key);
  }
  auto place = write(profile, key, series, body);
  publish_stats(s);
  std::lock_guard index_lock(s.index_mutex);
  if (!place) {
    ++s.stats.write_errors;
    return fail("keep a profile: {}", place.error().message);
  }
  ++s.stats.appended;
  s.index.add(series, Replay::entry(head_of(profile, series), *place));
  return {};
}

// Under `write`, like the two after it.
Result<Place> SegmentStore::write(const Profile& profile, const SeriesKey& key, std::uint32_t series,
                                  std::string_view body) {
  State& s = *state_;
  if (body.size() + kMaxHeads > s.limits.max_bytes)
    return fail("its {} bytes are more than the store may keep", body.size());
  std::int64_t start = to_nanoseconds(profile.start);
  bool same = s.log->active() == s.active_segment && s.active_start != 0;
  if (same && start - s.active_start > s.limits.retention.count() / kSegmentsByAge) s.log->close_active();
  auto number = number_in_segment(key, series);
  if (!number) return fail(number.error());
  auto place = s.log->append(encode_head(head_of(profile, *number)), body);
  if (place && s.active_start == 0) s.active_start = start;
  return place;
}

// Writes the series' record first when the active segment does not have it; what
// is appended next goes to the same segment.
Result<std::uint32_t> SegmentStore::number_in_segment(const SeriesKey& key, std::uint32_t series) {
  State& s = *state_;
  SeriesRecord record{.number = 0, .key = key};
  if (!s.log->would_begin() && s.log->active() == s.active_segment) {
    if (auto known = s.active_series.find(series); known != s.active_series.end()) return known->second;
    record.number = static_cast<std::uint32_t>(s.active_series.size());
  }
  std::string head = encode_head(record);
  if (head.size() > kMaxHeads / 2) return fail("its labels take {} bytes, too many", head.size());
  auto place = s.log->append(head, {});
  if (!place) return fail(place.error());
  if (place->segment != s.active_segment) {
    s.active_series.clear();
    s.active_segment = place->segment;
    s.active_start = 0;
  }
  s.active_series.emplace(series, record.number);
  return record.number;
}

// Removes the oldest segments until there is room for `bytes` more.
void SegmentStore::make_room(std::uint64_t bytes) {
  State& s = *state_;
  while (s.log->bytes() + bytes > s.limits.max_bytes && !s.log->segments().empty()) {
    std::uint32_t oldest = s.log->segments().begin()->first;
    if (oldest == s.log->active()) s.log->close_active();
    if (!s.log->remove(oldest)) return;
    std::lock_guard index_lock(s.index_mutex);
    s.stats.expired_bytes += s.index.forget_segment(oldest);
  }
}

void SegmentStore::expire(WallTime now) {
  State& s = *state_;
  std::lock_guard write_lock(s.write);
  take_new_limits(s);
  std::vector<std::uint32_t> empty;
  {
    std::lock_guard index_lock(s.index_mutex);
    std::int64_t oldest = 0;
    if (!__builtin_sub_overflow(to_nanoseconds(now), s.limits.retention.count(), &oldest))
      s.stats.expired_age += s.index.forget_before(oldest);
    for (const auto& [segment, bytes] : s.log->segments()) {
      if (!s.index.profiles_by_segment().contains(segment)) empty.push_back(segment);
    }
  }
  for (std::uint32_t segment : empty) {
    if (segment == s.log->active()) s.log->close_active();
    (void)s.log->remove(segment);  // what cannot be removed is tried again the next time
  }
  make_room(0);
  publish_stats(s);
}

void SegmentStore::set_limits(Duration retention, std::uint64_t max_bytes) {
  std::lock_guard lock(state_->index_mutex);
  state_->new_limits = Limits{retention, max_bytes};
}

Store::Stats SegmentStore::stats() const {
  std::lock_guard lock(state_->index_mutex);
  Stats stats = state_->stats;
  stats.profiles = state_->index.profiles();
  return stats;
}

std::vector<ServiceSummary> SegmentStore::services(TimeRange range) const {
  std::lock_guard lock(state_->index_mutex);
  return state_->index.services(range);
}

std::vector<SeriesPoint> SegmentStore::series(const Selection& selection, Duration step) const {
  std::lock_guard lock(state_->index_mutex);
  return state_->index.sums(selection, step);
}

// Hands the selected profiles over one by one, read without any lock.
template <class Use>
void SegmentStore::read_all(const Selection& selection, Use use) const {
  std::vector<Index::Found> all;
  {
    std::lock_guard lock(state_->index_mutex);
    all = state_->index.find(selection);
  }
  for (const Index::Found& found : all) {
    std::optional<LogContent> content;
    if (auto first = state_->log->read(found.entry.place)) {
      content = std::move(*first);
    } else {
      content = read_again(found);
    }
    if (!content) continue;
    auto head = decode_head(content->head);
    auto* record = head ? std::get_if<ProfileRecord>(&*head) : nullptr;
    if (record == nullptr) continue;
    Profile profile{.id = record->id, .labels = found.key->labels, .type = found.key->type};
    profile.start = record->start;
    profile.duration = record->duration;
    if (decode_body(content->body, profile)) use(profile);
  }
}

// A record that could not be read has expired or moved meanwhile, or its segment is corrupt.
std::optional<LogContent> SegmentStore::read_again(const Index::Found& found) const {
  State& s = *state_;
  std::lock_guard write_lock(s.write);
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::optional<Place> place;
    {
      std::lock_guard index_lock(s.index_mutex);
      place = s.index.locate(found);
    }
    if (!place) return std::nullopt;
    if (auto content = s.log->read(*place)) return std::move(*content);
    salvage(place->segment);
  }
  return std::nullopt;
}

// Under `write`: sets a segment aside and finds its sound records at their new places.
void SegmentStore::salvage(std::uint32_t segment) const {
  State& s = *state_;
  std::vector<std::pair<Place, std::string>> sound;
  // When the file cannot be opened or renamed, the log says so in set_aside() and all of it is out of reach.
  s.log->salvage(segment,
                 [&](Place place, std::string_view head) { sound.emplace_back(place, std::string(head)); });
  {
    std::lock_guard index_lock(s.index_mutex);
    s.index.forget_segment(segment);
    Replay replay(s.index);
    for (const auto& [place, head] : sound) replay.record(place, head);
  }
  publish_stats(s);
}

Result<profile::FlameTree> SegmentStore::flame(const Selection& selection, std::size_t max_nodes) const {
  profile::FlameTree tree;
  read_all(selection, [&](const Profile& profile) { tree.add(profile); });
  tree.finish(max_nodes);
  return tree;
}

Result<Profile> SegmentStore::merge(const Selection& selection) const {
  Merger merger;
  read_all(selection, [&](const Profile& profile) { merger.add(profile); });
  return merger.take();
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(Options options) {
  auto state = std::make_unique<State>();
  state->limits = {options.retention, options.max_bytes};
  Replay replay(state->index);
  auto log = SegmentLog::open({.path = options.path, .segment_bytes = segment_bytes(options.max_bytes)},
                              [&](Place place, std::string_view head) { replay.record(place, head); });
  if (!log) return fail("open the store: {}", log.error().message);
  state->log = std::move(*log);
  if (state->log->active() != 0 && state->log->active() == replay.segment()) {
    state->active_segment = replay.segment();
    for (auto [number, series] : replay.series()) state->active_series.emplace(series, number);
  }
  publish_stats(*state);
  return std::make_unique<SegmentStore>(std::move(state));
}

}  // namespace weir::store
