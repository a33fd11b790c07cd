#include "store/coarser.h"

#include <algorithm>

#include "store/group.h"
#include "store/upkeep.h"

namespace weir::store {
namespace {

constexpr Duration kFirstWait = std::chrono::seconds(30);
constexpr Duration kLongestWait = std::chrono::hours(1);
constexpr int kDoublings = 7;

std::optional<std::uint32_t> next_to_make_coarser(State& s, WallTime now) {
  std::int64_t newest = 0;
  if (__builtin_sub_overflow(to_nanoseconds(now), s.limits.coarse_after.count(), &newest))
    return std::nullopt;
  std::lock_guard index_lock(s.index_mutex);
  for (const auto& [number, segment] : s.index.segments()) {
    // What is not understood would not be written again.
    if (segment.newest >= newest || number == s.log->active() || s.strange.contains(number)) continue;
    Coarsening& coarse = s.coarse[number];
    if (coarse.is_done || coarse.next_try > now) continue;
    bool any = std::ranges::any_of(s.index.find_segment(number), [&](const Index::Group& group) {
      return can_be_coarser(group, s.limits.coarse_window);
    });
    if (any) return number;
    coarse.is_done = true;
  }
  return std::nullopt;
}

ReadResult<void> rewrite(State& s, std::uint32_t segment) {
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
  std::uint64_t fewer = replace_in_index(s, segment, heads);
  std::lock_guard index_lock(s.index_mutex);
  s.stats.merged += fewer;
  return {};
}

}  // namespace

void make_coarser(State& s, WallTime now) {
  auto segment = next_to_make_coarser(s, now);
  if (!segment) return;
  auto rewritten = rewrite(s, *segment);
  Coarsening& coarse = s.coarse[*segment];
  if (rewritten) {
    coarse.is_done = true;
    return;
  }
  {
    std::lock_guard index_lock(s.index_mutex);
    ++s.stats.coarse_failures;
    s.stats.coarse_error = rewritten.error().message;
  }
  auto why = rewritten.error().why;
  bool is_bytes = why == ReadError::Why::damaged || why == ReadError::Why::gone;
  if (is_bytes && !coarse.is_mended && salvage(s, *segment)) {
    coarse.is_mended = true;  // and tried again as it is now
    return;
  }
  coarse.is_done = why == ReadError::Why::nonsense || why == ReadError::Why::too_large;
  coarse.next_try = now + std::min(kFirstWait * (1 << std::min(++coarse.failures, kDoublings)), kLongestWait);
}

}  // namespace weir::store
