// Replay: from the heads of a log's records, in their order, to the index.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "store/index.h"
#include "store/record.h"

namespace weir::store {

class Replay {
 public:
  explicit Replay(Index& index) : index_(index) {}

  void record(Place place, std::string_view head);

  // Of the last segment.
  std::uint32_t segment() const { return segment_; }
  // Number in that segment to number in the index.
  const std::map<std::uint32_t, std::uint32_t>& series() const { return series_; }
  // Profiles whose part of the dictionary is not there any more.
  std::uint64_t lost() const { return lost_; }
  // Records that mean nothing to us, by segment.
  struct Strange {
    std::uint64_t records = 0;
    std::string why;  // of the first
  };
  const std::map<std::uint32_t, Strange>& strange() const { return strange_; }

 private:
  void add(Place place, const PartRecord& part);
  void add(Place place, const ProfileRecord& profile);

  Index& index_;
  std::uint32_t segment_ = 0;
  std::map<std::uint32_t, std::uint32_t> series_;
  std::uint64_t lost_ = 0;
  std::map<std::uint32_t, Strange> strange_;
};

Index::Entry index_entry(const ProfileRecord& profile, Place place);

}  // namespace weir::store
