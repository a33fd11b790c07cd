// Writer: appends profiles to the active segment of a log; describes each
// series where it first comes up in a segment, and writes of its dictionary what
// is new. Decides when the next segment begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/dictionary.h"
#include "store/record.h"
#include "store/segment_log.h"

namespace weir::store {

// Not thread-safe. Series have the numbers of the index here.
class Writer {
 public:
  struct Limits {
    std::uint64_t segment_bytes = 16u << 20;
    Duration segment_span = std::chrono::hours(3);  // from its first profile to its last
  };
  // The log must not begin segments by itself.
  explicit Writer(SegmentLog& log) : log_(log) {}

  void set_limits(Limits limits) { limits_ = limits; }
  // Goes on in the active segment, which has this series with these parts.
  void resume(std::uint32_t series, std::uint32_t number, std::vector<Place> parts);

  // What is to be written for a profile; it is written, or given up, before the next one is prepared.
  struct Prepared {
    std::uint32_t series = 0;
    std::uint32_t segment = 0;                 // 0: a new one
    std::string series_head, part_head, part;  // empty: not needed
    ProfileRecord profile;
    std::string samples;

    std::size_t bytes() const;
  };
  Result<Prepared> prepare(std::uint32_t series, const SeriesKey& key, const profile::Profile& profile);

  struct Written {
    std::optional<Place> part;
    std::uint32_t stacks = 0;  // of the dictionary
    Place profile;
  };
  Result<Written> write(Prepared prepared);
  void give_up(const Prepared& prepared);

 private:
  struct Series {
    std::uint32_t number = 0;
    std::vector<Place> parts;
    std::optional<Dictionary> dictionary;  // read when it is needed
  };

  void begin_if_full(std::int64_t start);
  Result<Series*> find(std::uint32_t series, const SeriesKey& key, std::string& head);

  SegmentLog& log_;
  Limits limits_;
  std::unordered_map<std::uint32_t, Series> series_;  // of the active segment
  std::uint32_t next_number_ = 0;                     // of a series there
  std::uint32_t segment_ = 0;
  std::optional<std::int64_t> first_start_;
  std::size_t memory_ = 0;  // of all dictionaries
};

}  // namespace weir::store
