#include "store/upkeep.h"

#include <algorithm>

namespace weir::store {
namespace {

constexpr std::uint64_t kMinSegment = 64u << 10;
constexpr std::uint64_t kMaxSegment = 16u << 20;
constexpr int kSegmentsByAge = 8;     // a segment spans at most this part of the retention
constexpr int kSegmentsByCoarse = 2;  // … and of the age at which it is written anew
constexpr std::size_t kMaxReasons = 16;

Writer::Limits writer_limits(const Store::Limits& limits) {
  Duration span = limits.retention / kSegmentsByAge;
  if (limits.coarse_after > Duration::zero())
    span = std::min(span, std::max(limits.coarse_after / kSegmentsByCoarse, limits.coarse_window));
  return {.segment_bytes = std::clamp(limits.max_bytes / 8, kMinSegment, kMaxSegment), .segment_span = span};
}

// The last few of both.
std::vector<std::string> last_of(const std::vector<std::string>& set_aside,
                                 const std::map<std::uint32_t, std::string>& strange) {
  std::vector<std::string> list = set_aside;
  for (const auto& [segment, why] : strange) list.push_back(why);
  if (list.size() > kMaxReasons) list.erase(list.begin(), list.end() - kMaxReasons);
  return list;
}

// False when the file system refuses. What is not understood whole stays on the disk.
bool let_go(State& s, std::uint32_t segment) {
  if (segment == s.log->active()) s.log->close_active();
  if (s.strange.contains(segment)) {
    s.log->leave_alone(segment);
  } else if (!s.log->remove(segment)) {
    return false;
  }
  s.coarse.erase(segment);
  s.unreadable.erase(segment);
  return true;
}

void remove_empty(State& s) {
  std::vector<std::uint32_t> empty;
  {
    std::lock_guard index_lock(s.index_mutex);
    for (const auto& [segment, bytes] : s.log->segments()) {
      if (!s.index.segments().contains(segment)) empty.push_back(segment);
    }
    for (std::uint32_t segment : empty) s.index.forget_segment(segment);
  }
  for (std::uint32_t segment : empty)
    (void)let_go(s, segment);  // what cannot be removed is tried again the next time
}

}  // namespace

void take_new_limits(State& s) {
  std::lock_guard index_lock(s.index_mutex);
  if (!s.new_limits) return;
  s.limits = *std::exchange(s.new_limits, std::nullopt);
  s.writer->set_limits(writer_limits(s.limits));
  s.coarse.clear();
}

void publish_stats(State& s) {
  std::lock_guard index_lock(s.index_mutex);
  s.stats.bytes = s.log->bytes();
  s.stats.segments = s.log->segments().size();
  s.stats.corrupt_segments = s.log->set_aside().size();
  s.stats.strange_segments = s.strange.size();
  s.stats.set_aside = last_of(s.log->set_aside(), s.strange);
  s.stats.unreadable.clear();
  s.stats.unreadable_segments = s.unreadable.size() + s.log->unread().size();
  s.revision =
      s.stats.appended + s.stats.expired_age + s.stats.expired_bytes + s.stats.merged + s.stats.lost_corrupt;
  for (const auto* segments : {&s.log->unread(), &std::as_const(s.unreadable)}) {
    for (const auto& [segment, why] : *segments)
      if (s.stats.unreadable.size() < kMaxReasons) s.stats.unreadable.push_back(why);
  }
}

Result<> make_room(State& s, std::uint64_t bytes) {
  while (s.log->bytes() + bytes > s.limits.max_bytes && !s.log->segments().empty()) {
    std::uint32_t oldest = s.log->segments().begin()->first;
    if (!let_go(s, oldest)) return fail_errno(errno, "make room: remove {}", s.log->file(oldest).string());
    std::lock_guard index_lock(s.index_mutex);
    s.stats.expired_bytes += s.index.forget_segment(oldest);
  }
  return {};
}

void forget_expired(State& s, WallTime now) {
  {
    std::lock_guard index_lock(s.index_mutex);
    std::int64_t oldest = 0;
    if (!__builtin_sub_overflow(to_nanoseconds(now), s.limits.retention.count(), &oldest))
      s.stats.expired_age += s.index.forget_before(oldest);
  }
  remove_empty(s);
}

void try_unreadable(State& s) {
  Heads heads;
  s.log->read_unread(heads.visit());
  Replay replay(s.index);
  {
    std::lock_guard index_lock(s.index_mutex);
    for (const auto& [place, head] : heads.list) replay.record(place, head);
    s.stats.lost_corrupt += replay.lost();
  }
  note_strange(s, replay);
  for (const auto& [segment, why] : std::exchange(s.unreadable, {}))
    if (s.log->segments().contains(segment)) (void)salvage(s, segment);
}

bool salvage(State& s, std::uint32_t segment) {
  Heads sound;
  auto salvaged = s.log->salvage(segment, sound.visit());
  if (!salvaged) s.unreadable[segment] = salvaged.error().message;
  if (!salvaged || !*salvaged) return false;
  std::uint64_t fewer = replace_in_index(s, segment, sound);
  {
    std::lock_guard index_lock(s.index_mutex);
    s.stats.lost_corrupt += fewer;
  }
  publish_stats(s);
  return true;
}

std::uint64_t replace_in_index(State& s, std::uint32_t segment, const Heads& heads) {
  Replay replay(s.index);
  std::uint64_t fewer = 0;
  {
    std::lock_guard index_lock(s.index_mutex);
    std::uint64_t before = s.index.profiles();
    s.index.forget_segment(segment);
    for (const auto& [place, head] : heads.list) replay.record(place, head);
    fewer = before - s.index.profiles();
  }
  note_strange(s, replay);
  return fewer;
}

void forget_nonsense(State& s, const Index::Group& group, std::string_view why) {
  if (group.segment == s.log->active()) s.log->close_active();
  s.strange.try_emplace(group.segment, fmt::format("{}: kept: it has profiles that make no sense: {}",
                                                   s.log->file(group.segment).string(), why));
  std::lock_guard index_lock(s.index_mutex);
  s.stats.lost_corrupt += s.index.forget_group(group.segment, group.series);
}

void note_strange(State& s, const Replay& replay) {
  for (const auto& [segment, strange] : replay.strange()) {
    std::string text = fmt::format("{}: kept: {} of its records are not understood, the first because of: {}",
                                   s.log->file(segment).string(), strange.records, strange.why);
    if (!s.strange.try_emplace(segment, std::move(text)).second) continue;
    std::lock_guard index_lock(s.index_mutex);
    s.stats.strange_records += strange.records;
  }
}

}  // namespace weir::store
