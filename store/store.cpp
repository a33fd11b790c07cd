#include "store/store.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "store/group.h"
#include "store/index.h"
#include "store/merge.h"
#include "store/replay.h"
#include "store/segment_log.h"
#include "store/writer.h"

namespace weir::store {
namespace {

using profile::Profile;

constexpr std::uint64_t kMinSegment = 64u << 10;
constexpr std::uint64_t kMaxSegment = 16u << 20;
constexpr std::uint32_t kNever = 1u << 31;  // bytes: the writer says where a segment ends, not the log
constexpr int kSegmentsByAge = 8;           // a segment spans at most this part of the retention
constexpr int kSegmentsByCoarse = 2;        // … and of the age at which it is written anew
constexpr std::size_t kMaxReasons = 16;

// Labels that begin with "__" tell which process or container a profile is of: they would make a
// series of every process that ever ran. A server does not get to see them either.
profile::Labels kept_labels(const profile::Labels& labels) {
  auto pairs = labels.pairs();
  std::erase_if(pairs,
                [](const auto& pair) { return pair.first.starts_with("__") && pair.first != kTypeLabel; });
  return profile::Labels(std::move(pairs));
}

Writer::Limits writer_limits(const Store::Limits& limits) {
  Duration span = limits.retention / kSegmentsByAge;
  if (limits.coarse_after > Duration::zero())
    span = std::min(span, std::max(limits.coarse_after / kSegmentsByCoarse, limits.coarse_window));
  return {.segment_bytes = std::clamp(limits.max_bytes / 8, kMinSegment, kMaxSegment), .segment_span = span};
}

// What reading and writing share. `write` is taken before `index`, never after it;
// nothing touches the disk under `index`.
struct State {
  std::mutex write;  // guards log's methods but reader(), and what stands here up to the next mutex
  std::unique_ptr<SegmentLog> log;
  std::optional<Writer> writer;
  Store::Limits limits;
  std::set<std::uint32_t> coarse;  // segments with nothing left to merge
  std::map<std::uint32_t, std::string> unreadable;  // segments whose reading or mending was refused, and why

  std::mutex index_mutex;  // guards the rest
  Index index;
  std::optional<Store::Limits>
      new_limits;  // for the next one who writes: who sets them must not wait for the disk
  Store::Stats stats;
};

// Under `write`.
void take_new_limits(State& s) {
  std::lock_guard index_lock(s.index_mutex);
  if (!s.new_limits) return;
  s.limits = *std::exchange(s.new_limits, std::nullopt);
  s.writer->set_limits(writer_limits(s.limits));
  s.coarse.clear();
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
  s.stats.unreadable.clear();
  s.stats.unreadable_segments = s.unreadable.size() + s.log->unread().size();
  for (const auto* segments : {&s.log->unread(), &std::as_const(s.unreadable)}) {
    for (const auto& [segment, why] : *segments)
      if (s.stats.unreadable.size() < kMaxReasons) s.stats.unreadable.push_back(why);
  }
}

// The heads of a segment that was written anew.
struct Heads {
  std::vector<std::pair<Place, std::string>> list;

  SegmentLog::Visit visit() {
    return [this](Place place, std::string_view head) { list.emplace_back(place, std::string(head)); };
  }
};

class SegmentStore : public Store {
 public:
  explicit SegmentStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

  Result<> append(const Profile& profile) override;
  void expire(WallTime now) override;
  void set_limits(const Limits& limits) override;
  Stats stats() const override;

  std::vector<ServiceSummary> services(TimeRange range) const override;
  Result<profile::FlameTree> flame(const Selection& selection, std::size_t max_nodes) const override;
  std::vector<SeriesPoint> series(const Selection& selection, Duration step) const override;
  std::vector<LabelShare> breakdown(const Selection& selection, const std::string& label) const override;
  Result<Profile> merge(const Selection& selection) const override;

 private:
  Result<Writer::Written> write(std::uint32_t series, const SeriesKey& key, const Profile& profile);
  void make_room(std::uint64_t bytes);
  void remove_empty();
  void make_coarser(WallTime now);
  std::optional<std::uint32_t> next_to_make_coarser(WallTime now);
  ReadResult<void> rewrite_coarser(std::uint32_t segment);
  std::uint64_t replace_in_index(std::uint32_t segment, const Heads& heads) const;
  template <class Use>
  void read_all(const Selection& selection, Use use) const;
  std::optional<Profile> read_again(const Index::Group& group, TimeRange range) const;
  void try_unreadable();
  bool salvage(std::uint32_t segment) const;

  std::unique_ptr<State> state_;
};

Result<> SegmentStore::append(const Profile& profile) {
  SeriesKey key{kept_labels(profile.labels), profile.type};
  State& s = *state_;
  std::lock_guard write_lock(s.write);
  take_new_limits(s);
  std::uint32_t series = 0;
  {
    std::lock_guard index_lock(s.index_mutex);
    series = s.index.series_number(key);
  }
  auto written = write(series, key, profile);
  publish_stats(s);
  if (written) return {};
  std::lock_guard index_lock(s.index_mutex);
  ++s.stats.write_errors;
  return fail("keep a profile: {}", written.error().message);
}

// Under `write`, like those after it.
Result<Writer::Written> SegmentStore::write(std::uint32_t series, const SeriesKey& key,
                                            const Profile& profile) {
  State& s = *state_;
  auto prepared = s.writer->prepare(series, key, profile);
  // Room is made at the cost of the segment it was prepared for when there is no other.
  for (bool again = true; again && prepared;) {
    if (prepared->bytes() > s.limits.max_bytes) {
      s.writer->give_up(*prepared);
      return fail("its {} bytes are more than the store may keep", prepared->bytes());
    }
    make_room(prepared->bytes());
    again = prepared->segment != 0 && prepared->segment != s.log->active();
    if (again) prepared = s.writer->prepare(series, key, profile);
  }
  if (!prepared) return fail(prepared.error());
  ProfileRecord record = prepared->profile;
  auto written = s.writer->write(*std::move(prepared));
  if (!written) return written;
  std::lock_guard index_lock(s.index_mutex);
  ++s.stats.appended;
  if (written->part) s.index.add_part(written->part->segment, series, *written->part, written->stacks);
  s.index.add(series, index_entry(record, written->profile));
  return written;
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
  try_unreadable();
  {
    std::lock_guard index_lock(s.index_mutex);
    std::int64_t oldest = 0;
    if (!__builtin_sub_overflow(to_nanoseconds(now), s.limits.retention.count(), &oldest))
      s.stats.expired_age += s.index.forget_before(oldest);
  }
  remove_empty();
  make_room(0);
  if (s.limits.coarse_after > Duration::zero()) make_coarser(now);
  publish_stats(s);
}

void SegmentStore::remove_empty() {
  State& s = *state_;
  std::vector<std::uint32_t> empty;
  {
    std::lock_guard index_lock(s.index_mutex);
    for (const auto& [segment, bytes] : s.log->segments()) {
      if (!s.index.segments().contains(segment)) empty.push_back(segment);
    }
    for (std::uint32_t segment : empty) s.index.forget_segment(segment);
  }
  for (std::uint32_t segment : empty) {
    if (segment == s.log->active()) s.log->close_active();
    (void)s.log->remove(segment);  // what cannot be removed is tried again the next time
  }
}

void SegmentStore::make_coarser(WallTime now) {
  State& s = *state_;
  auto segment = next_to_make_coarser(now);
  if (!segment) return;
  // Where that fails for want of room the segment stays as it is.
  s.coarse.insert(*segment);
  auto rewritten = rewrite_coarser(*segment);
  if (rewritten || rewritten.error().why == ReadError::Why::refused) return;
  if (salvage(*segment)) s.coarse.erase(*segment);
}

std::optional<std::uint32_t> SegmentStore::next_to_make_coarser(WallTime now) {
  State& s = *state_;
  std::int64_t newest = 0;
  if (__builtin_sub_overflow(to_nanoseconds(now), s.limits.coarse_after.count(), &newest))
    return std::nullopt;
  std::lock_guard index_lock(s.index_mutex);
  for (const auto& [number, segment] : s.index.segments()) {
    if (segment.newest >= newest || number == s.log->active() || s.coarse.contains(number)) continue;
    bool any = std::ranges::any_of(s.index.find_segment(number), [&](const Index::Group& group) {
      return can_be_coarser(group, s.limits.coarse_window);
    });
    if (any) return number;
    s.coarse.insert(number);
  }
  return std::nullopt;
}

ReadResult<void> SegmentStore::rewrite_coarser(std::uint32_t segment) {
  State& s = *state_;
  std::vector<Index::Group> groups;
  {
    std::lock_guard index_lock(s.index_mutex);
    groups = s.index.find_segment(segment);
  }
  auto reader = s.log->reader(segment);
  if (!reader) return fail_read(reader.error());
  ReadError error;  // refused, when it is the log that fails
  auto fill = [&](const SegmentLog::Append& append) -> Result<> {
    std::uint32_t number = 0;
    for (const Index::Group& group : groups) {
      auto ok = write_coarser(*reader, group, s.limits.coarse_window, number++, append);
      if (ok) continue;
      error = ok.error();
      return fail(error);
    }
    return {};
  };
  Heads heads;
  if (auto ok = s.log->rewrite(segment, fill, heads.visit()); !ok) {
    error.message = ok.error().message;
    return fail_read(error);
  }
  std::uint64_t fewer = replace_in_index(segment, heads);
  std::lock_guard index_lock(s.index_mutex);
  s.stats.merged += fewer;
  return {};
}

// What the index has of a segment is forgotten for what stands there now; how many profiles fewer that is.
std::uint64_t SegmentStore::replace_in_index(std::uint32_t segment, const Heads& heads) const {
  State& s = *state_;
  std::lock_guard index_lock(s.index_mutex);
  std::uint64_t before = s.index.profiles();
  s.index.forget_segment(segment);
  Replay replay(s.index);
  for (const auto& [place, head] : heads.list) replay.record(place, head);
  return before - s.index.profiles();
}

void SegmentStore::set_limits(const Limits& limits) {
  std::lock_guard lock(state_->index_mutex);
  state_->new_limits = limits;
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

std::vector<LabelShare> SegmentStore::breakdown(const Selection& selection, const std::string& label) const {
  std::lock_guard lock(state_->index_mutex);
  return state_->index.breakdown(selection, label);
}

// Hands over what is selected, added up by series and segment, read without any lock.
template <class Use>
void SegmentStore::read_all(const Selection& selection, Use use) const {
  std::vector<Index::Group> groups;
  {
    std::lock_guard lock(state_->index_mutex);
    groups = state_->index.find(selection);
  }
  for (const Index::Group& group : groups) {
    if (auto profile = read_group(*state_->log, group)) {
      use(*profile);
    } else if (auto second = read_again(group, selection.range)) {
      use(*second);
    }
  }
}

// A group that could not be read has expired or moved meanwhile, its segment is corrupt, or the file system
// refuses it now.
std::optional<Profile> SegmentStore::read_again(const Index::Group& group, TimeRange range) const {
  State& s = *state_;
  std::lock_guard write_lock(s.write);
  for (bool mended = false;;) {
    Index::Group now;
    {
      std::lock_guard index_lock(s.index_mutex);
      now = s.index.find_again(group, range);
    }
    if (now.entries.empty()) return std::nullopt;
    auto profile = read_group(*s.log, now);
    if (profile) return std::move(*profile);
    if (profile.error().why == ReadError::Why::refused)
      s.unreadable.try_emplace(group.segment, profile.error().message);
    // What was refused lately is not tried again for every question.
    if (!s.unreadable.contains(group.segment) && !mended && (mended = salvage(group.segment))) continue;
    if (!s.unreadable.contains(group.segment)) {
      // Its checksums are right, and still it makes no sense: it would not the next time either.
      std::lock_guard index_lock(s.index_mutex);
      s.stats.lost_corrupt += s.index.forget_group(now.segment, now.series);
    }
    publish_stats(s);
    return std::nullopt;
  }
}

// Under `write`: what could not be read or mended may be by now.
void SegmentStore::try_unreadable() {
  State& s = *state_;
  Heads heads;
  s.log->read_unread(heads.visit());
  {
    std::lock_guard index_lock(s.index_mutex);
    Replay replay(s.index);
    for (const auto& [place, head] : heads.list) replay.record(place, head);
    s.stats.lost_corrupt += replay.lost();
  }
  for (const auto& [segment, why] : std::exchange(s.unreadable, {}))
    if (s.log->segments().contains(segment)) salvage(segment);
}

// Under `write`: sets a segment aside, if any of it is damaged, and finds its sound records at their new
// places. Whether that was done.
bool SegmentStore::salvage(std::uint32_t segment) const {
  State& s = *state_;
  Heads sound;
  auto salvaged = s.log->salvage(segment, sound.visit());
  if (!salvaged) s.unreadable[segment] = salvaged.error().message;
  if (!salvaged || !*salvaged) return false;
  std::uint64_t fewer = replace_in_index(segment, sound);
  {
    std::lock_guard index_lock(s.index_mutex);
    s.stats.lost_corrupt += fewer;
  }
  publish_stats(s);
  return true;
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
  state->limits = options.limits;
  Replay replay(state->index);
  auto log = SegmentLog::open({.path = options.path, .segment_bytes = kNever},
                              [&](Place place, std::string_view head) { replay.record(place, head); });
  if (!log) return fail("open the store: {}", log.error().message);
  state->log = std::move(*log);
  state->writer.emplace(*state->log);
  state->writer->set_limits(writer_limits(state->limits));
  std::uint32_t active = state->log->active();
  if (active != 0 && active == replay.segment()) {
    for (auto [number, series] : replay.series())
      state->writer->resume(series, number, state->index.parts(active, series));
  }
  state->stats.lost_corrupt = replay.lost();
  publish_stats(*state);
  return std::make_unique<SegmentStore>(std::move(state));
}

}  // namespace weir::store
