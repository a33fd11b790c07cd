#include "store/store.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "store/coarser.h"
#include "store/group.h"
#include "store/merge.h"
#include "store/state.h"
#include "store/upkeep.h"

namespace weir::store {
namespace {

using profile::Profile;

constexpr std::uint32_t kNever = 1u << 31;  // bytes: the writer says where a segment ends, not the log

// Labels that begin with "__" tell which process or container a profile is of: they would make a
// series of every process that ever ran. A server does not get to see them either.
profile::Labels kept_labels(const profile::Labels& labels) {
  auto pairs = labels.pairs();
  std::erase_if(pairs,
                [](const auto& pair) { return pair.first.starts_with("__") && pair.first != kTypeLabel; });
  return profile::Labels(std::move(pairs));
}

struct WriteError : Error {
  bool is_too_large = false;  // the profile: another one may well be written
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
  std::uint64_t revision() const override { return state_->revision; }

 private:
  std::expected<Writer::Written, WriteError> write(std::uint32_t series, const SeriesKey& key,
                                                   const Profile& profile);
  template <class Use>
  void read_all(const Selection& selection, Use use) const;
  std::optional<Profile> read_again(const Index::Group& group, TimeRange range) const;

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
    series = s.index.expect(key);
  }
  auto written = write(series, key, profile);
  publish_stats(s);
  if (written) return {};
  std::lock_guard index_lock(s.index_mutex);
  s.index.give_up(series);
  ++(written.error().is_too_large ? s.stats.refused : s.stats.write_errors);
  return fail("keep a profile: {}", written.error().message);
}

// Under `write`, like those after it.
std::expected<Writer::Written, WriteError> SegmentStore::write(std::uint32_t series, const SeriesKey& key,
                                                               const Profile& profile) {
  State& s = *state_;
  auto refused = [](std::string why, bool is_too_large) {
    return std::unexpected(WriteError{{std::move(why)}, is_too_large});
  };
  auto prepared = s.writer->prepare(series, key, profile);
  // Room is made at the cost of the segment it was prepared for when there is no other.
  for (bool again = true; again && prepared;) {
    if (prepared->bytes() > s.limits.max_bytes) {
      s.writer->give_up(*prepared);
      return refused(fmt::format("its {} bytes are more than the store may keep", prepared->bytes()), false);
    }
    if (auto room = make_room(s, prepared->bytes()); !room) {
      s.writer->give_up(*prepared);
      return refused(room.error().message, false);
    }
    again = prepared->segment != 0 && prepared->segment != s.log->active();
    if (again) prepared = s.writer->prepare(series, key, profile);
  }
  if (!prepared) return refused(prepared.error().message, true);
  ProfileRecord record = prepared->profile;
  auto written = s.writer->write(*std::move(prepared));
  if (!written) return refused(written.error().message, false);
  std::lock_guard index_lock(s.index_mutex);
  ++s.stats.appended;
  if (written->part) s.index.add_part(written->part->segment, series, *written->part, written->stacks);
  s.index.add(series, index_entry(record, written->profile));
  return *std::move(written);
}

void SegmentStore::expire(WallTime now) {
  State& s = *state_;
  std::lock_guard write_lock(s.write);
  take_new_limits(s);
  try_unreadable(s);
  forget_expired(s, now);
  // Where nothing can be removed nothing can be written anew.
  if (make_room(s, 0) && s.limits.coarse_after > Duration::zero()) make_coarser(s, now);
  publish_stats(s);
}

void SegmentStore::set_limits(const Limits& limits) {
  std::lock_guard lock(state_->index_mutex);
  state_->new_limits = limits;
}

Store::Stats SegmentStore::stats() const {
  std::lock_guard lock(state_->index_mutex);
  Stats stats = state_->stats;
  stats.profiles = state_->index.profiles();
  stats.series = state_->index.series();
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
    if (profile.error().why == ReadError::Why::too_large) {  // as earlier weirs wrote it: nothing is damaged
      std::lock_guard index_lock(s.index_mutex);
      ++s.stats.too_large;
      return std::nullopt;
    }
    // What was refused lately is not tried again for every question.
    if (!s.unreadable.contains(group.segment) && !mended && (mended = salvage(s, group.segment))) continue;
    // Its checksums are right, and still it makes no sense: it would not the next time either.
    if (!s.unreadable.contains(group.segment)) forget_nonsense(s, now, profile.error().message);
    publish_stats(s);
    return std::nullopt;
  }
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
  Replay replay(state->index);
  auto log = SegmentLog::open({.path = options.path, .segment_bytes = kNever},
                              [&](Place place, std::string_view head) { replay.record(place, head); });
  if (!log) return fail("open the store: {}", log.error().message);
  state->log = std::move(*log);
  state->writer.emplace(*state->log);
  state->new_limits = options.limits;
  take_new_limits(*state);
  std::uint32_t active = state->log->active();
  if (active != 0 && active == replay.segment()) {
    for (auto [number, series] : replay.series())
      state->writer->resume(series, number, state->index.parts(active, series));
  }
  state->stats.lost_corrupt = replay.lost();
  note_strange(*state, replay);
  publish_stats(*state);
  return std::make_unique<SegmentStore>(std::move(state));
}

}  // namespace weir::store
