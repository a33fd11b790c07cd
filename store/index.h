// Index: what the store has, by series and time, in memory: 32 bytes a profile.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "store/record.h"
#include "store/segment_log.h"
#include "store/store.h"

namespace weir::store {

inline constexpr std::string_view kTypeLabel = "__name__";

// Not thread-safe.
class Index {
 public:
  struct Entry {
    std::int64_t start = 0;  // nanoseconds since 1970
    std::int64_t total = 0;
    Place place;
    std::uint32_t samples = 0;
  };
  static_assert(sizeof(Entry) == 32);
  struct Series {
    std::shared_ptr<const SeriesKey> key;
    std::deque<Entry> entries;  // by start; blocks of its own, so that growing copies nothing
  };
  // An entry copied out, to be read without any lock.
  struct Found {
    std::shared_ptr<const SeriesKey> key;
    Entry entry;
  };

  // Number of a series, which is added when it is new.
  std::uint32_t series_number(const SeriesKey& key);
  void add(std::uint32_t series, const Entry& entry);

  // Each returns how many profiles it forgot.
  std::size_t forget_segment(std::uint32_t segment);
  std::size_t forget_before(std::int64_t start);
  // Profiles of each segment; a segment without any is not there.
  const std::map<std::uint32_t, std::uint32_t>& profiles_by_segment() const { return by_segment_; }
  // Where it lies now: a corrupt segment's sound records have moved. Nothing when it is gone.
  std::optional<Place> locate(const Found& found) const;

  std::vector<ServiceSummary> services(TimeRange range) const;
  // In the order they lie on disk.
  std::vector<Found> find(const Selection& selection) const;
  std::vector<SeriesPoint> sums(const Selection& selection, Duration step) const;
  std::uint64_t profiles() const { return profiles_; }

 private:
  template <class Use>
  void for_each(const Selection& selection, Use use) const;
  void forget(const Entry& entry);
  void drop_empty_series();

  std::map<std::uint32_t, Series> series_;
  std::multimap<std::uint64_t, std::uint32_t> by_hash_;
  std::map<std::uint32_t, std::uint32_t> by_segment_;
  std::uint32_t next_series_ = 0;
  std::uint64_t profiles_ = 0;
};

std::int64_t to_nanoseconds(WallTime time);
WallTime from_nanoseconds(std::int64_t nanoseconds);

}  // namespace weir::store
