// Index: what the store has, by series and time, in memory: 32 bytes a profile.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
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
    std::string type;              // as a selection names it
    std::deque<Entry> entries;     // by start; blocks of its own, so that growing copies nothing
    std::size_t dictionaries = 0;  // segments that have parts of its dictionary

    // Known for as long as a segment describes it: who adds to that segment must not describe it again.
    bool is_used() const { return !entries.empty() || dictionaries > 0 || is_expected; }
    bool is_expected = false;  // a profile is about to be added
  };
  // What one series has in one segment, copied out, to be read without any lock.
  struct Group {
    std::uint32_t segment = 0;
    std::uint32_t series = 0;
    std::shared_ptr<const SeriesKey> key;
    std::vector<Place> parts;    // of the dictionary
    std::vector<Entry> entries;  // in the order they lie on disk
  };
  struct Segment {
    std::uint32_t profiles = 0;
    std::int64_t newest = INT64_MIN;  // start of any profile it has or had
  };

  // Number of a series, which is added when it is new.
  std::uint32_t series_number(const SeriesKey& key);
  // One more of the same key: of a segment that describes it twice, with a dictionary for each.
  std::uint32_t add_series(const SeriesKey& key);
  // The same, which stays until a profile is added, or given up: what makes room for it forgets others.
  std::uint32_t expect(const SeriesKey& key);
  void give_up(std::uint32_t series);
  // Of a series in a segment; a profile may be added when there are as many stacks as it needs.
  void add_part(std::uint32_t segment, std::uint32_t series, Place place, std::uint32_t stacks);
  std::uint32_t stacks(std::uint32_t segment, std::uint32_t series) const;
  std::vector<Place> parts(std::uint32_t segment, std::uint32_t series) const;
  void add(std::uint32_t series, const Entry& entry);

  // Each returns how many profiles it forgot.
  std::size_t forget_segment(std::uint32_t segment);
  std::size_t forget_group(std::uint32_t segment, std::uint32_t series);
  std::size_t forget_before(std::int64_t start);
  // A segment without any profile is not there.
  const std::map<std::uint32_t, Segment>& segments() const { return segments_; }

  std::vector<ServiceSummary> services(TimeRange range) const;
  // By segment.
  std::vector<Group> find(const Selection& selection) const;
  // What is there of a group now: its segment may have been written anew, or be gone.
  Group find_again(const Group& group, TimeRange range) const;
  std::vector<Group> find_segment(std::uint32_t segment) const;
  std::vector<LabelShare> breakdown(const Selection& selection, const std::string& label) const;
  std::vector<SeriesPoint> sums(const Selection& selection, Duration step) const;
  std::uint64_t profiles() const { return profiles_; }
  std::size_t series() const { return series_.size(); }

 private:
  struct Parts {
    std::vector<Place> places;
    std::uint32_t stacks = 0;
  };

  template <class Use>
  void for_each(const Selection& selection, Use use) const;
  void forget(const Entry& entry);
  std::optional<std::uint32_t> find_series(const SeriesKey& key) const;
  Group make_group(std::uint32_t segment, std::uint32_t series) const;
  void forget_parts(std::uint32_t segment, std::uint32_t series);
  void drop_unused_series();

  std::map<std::uint32_t, Series> series_;
  std::multimap<std::uint64_t, std::uint32_t> by_hash_;
  std::map<std::uint32_t, Segment> segments_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Parts> parts_;  // by segment and series
  std::uint32_t next_series_ = 0;
  std::uint64_t profiles_ = 0;
};

std::int64_t to_nanoseconds(WallTime time);
WallTime from_nanoseconds(std::int64_t nanoseconds);

}  // namespace weir::store
