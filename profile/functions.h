// FunctionTable: every function of some profiles once, with what it took.
#pragma once

#include <cstdint>
#include <vector>

#include "profile/frame_paths.h"

namespace weir::profile {

struct FunctionTotals {
  std::int64_t self = 0;
  std::int64_t total = 0;  // with what it called; recursion counted once
};

class FunctionTable {
 public:
  void add(const Profile& profile);

  // totals()[i] is what symbols()[i] took.
  const std::vector<Symbol>& symbols() const { return paths_.symbols(); }
  // Of the profile added last; numbers are those of symbols().
  const FramePaths& paths() const { return paths_; }
  const std::vector<FunctionTotals>& totals() const { return totals_; }
  std::int64_t total() const { return total_; }
  // Takes what all functions took, and counts from nothing again; they keep their numbers.
  std::vector<FunctionTotals> take_totals();

 private:
  FramePaths paths_;
  std::vector<FunctionTotals> totals_;
  std::vector<std::uint64_t> last_sample_;  // in which a symbol was met last
  std::uint64_t samples_ = 0;
  std::int64_t total_ = 0;
};

}  // namespace weir::profile
