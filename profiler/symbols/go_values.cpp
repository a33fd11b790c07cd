#include "profiler/symbols/go_values.h"

#include <algorithm>

namespace weir::profiler {

bool GoValues::refill() {
  if (next_ >= limit_) return false;
  std::size_t wanted = std::min<std::uint64_t>(sizeof buffer_, limit_ - next_);
  have_ = static_cast<std::uint32_t>(bytes_.read(next_, buffer_, wanted));
  next_ += have_;
  at_ = 0;
  return have_ != 0;
}

bool GoValues::number(std::uint32_t& to) {
  to = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (at_ == have_ && !refill()) return false;
    std::uint8_t byte = buffer_[at_++];
    to |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// A step of the value, its sign in the lowest bit, then one of the place. The
// first value may be no step from -1; afterwards that is the end.
bool GoValues::next() {
  std::uint32_t step = 0;
  std::uint32_t length = 0;
  if (!number(step) || (step == 0 && end_ != 0) || !number(length)) return false;
  std::uint32_t change = (step & 1) != 0 ? ~(step >> 1) : step >> 1;
  std::uint32_t end = 0;
  if (length == 0 || __builtin_mul_overflow(length, quantum_, &length)) return false;
  if (__builtin_add_overflow(end_, length, &end)) return false;
  value_ = static_cast<std::int32_t>(static_cast<std::uint32_t>(value_) + change);
  start_ = end_;
  end_ = end;
  return true;
}

}  // namespace weir::profiler
