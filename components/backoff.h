// Backoff: how long to wait before the next try. Doubles from `least` to
// `most`, each time a random wait between one and two times the base, so that
// many programs that lost the same server do not come back at the same moment.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/duration.h"

namespace weir {

class Backoff {
 public:
  Backoff(Duration least, Duration most) : least_(least), most_(most), base_(least) {}

  Duration next() {
    std::int64_t from = std::min(base_, most_).count();
    std::int64_t to = std::max(from, std::min(base_ * 2, most_).count());
    base_ = std::min(base_ * 2, most_);
    return Duration(std::uniform_int_distribution<std::int64_t>(from, to)(random_));
  }
  // After a success.
  void reset() { base_ = least_; }
  void set_limits(Duration least, Duration most) {
    least_ = least;
    most_ = most;
    base_ = std::clamp(base_, least_, std::max(least_, most_));
  }

 private:
  Duration least_, most_, base_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace weir
