// Reads what one series has in one segment.
#pragma once

#include <vector>

#include "base/result.h"
#include "profile/profile.h"
#include "store/dictionary.h"
#include "store/index.h"
#include "store/record.h"
#include "store/segment_log.h"

namespace weir::store {

ReadResult<Dictionary> read_dictionary(const SegmentReader& segment, const std::vector<Place>& parts);

// Adds up the samples of profiles that have one dictionary.
class StackSums {
 public:
  explicit StackSums(const Dictionary& dictionary) : sums_(dictionary.stacks()) {}

  // Fails, and adds nothing, when the dictionary has no such stack.
  Result<> add(const ProfileRecord& head, const Samples& samples);
  bool empty() const { return profiles_ == 0; }
  // From the first start to the last end, under a new id; the next sum begins at nothing. `series` and
  // `stacks` are those of the samples and for the caller to set otherwise.
  std::pair<ProfileRecord, Samples> take();

 private:
  std::vector<StackSum> sums_;  // by stack
  std::size_t profiles_ = 0;
  std::int64_t period_ = 0;
  WallTime start_, end_;
};

// Fails also when another record than the index meant stands there.
ReadResult<std::pair<ProfileRecord, Samples>> read_profile(const SegmentReader& segment,
                                                           const Index::Entry& entry);

// All of a group as one profile.
ReadResult<profile::Profile> read_group(const SegmentLog& log, const Index::Group& group);

// The group's profiles that begin in the same `window` as one, written as a series of its own to another
// segment. Refused too where that cannot be written to.
ReadResult<void> write_coarser(const SegmentReader& from, const Index::Group& group, Duration window,
                               std::uint32_t number, const SegmentLog::Append& append);
// Whether that would make any difference.
bool can_be_coarser(const Index::Group& group, Duration window);

}  // namespace weir::store
