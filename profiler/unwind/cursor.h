// Cursor: reads forward in bytes that are held in memory. After a read past the
// end every value is 0, nothing is left and ok() is false.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace weir::profiler {

class Cursor {
 public:
  explicit Cursor(std::span<const std::uint8_t> bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const std::uint8_t* at() const { return at_; }
  std::span<const std::uint8_t> rest() const { return {at_, end_}; }

  template <class T>
  T fixed() {
    T value{};
    if (left() < sizeof value) return fail(), value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  std::uint64_t uleb() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    unsigned shift = 0;
    return leb_bits(shift);
  }

  std::int64_t sleb() {
    unsigned shift = 0;
    std::uint64_t value = leb_bits(shift);
    // The last byte's bit 6 is the sign.
    bool negative = ok_ && (at_[-1] & 0x40) != 0;
    if (negative && shift < 64) value |= ~std::uint64_t{0} << shift;
    return static_cast<std::int64_t>(value);
  }

  void skip(std::uint64_t count) {
    if (count > left()) return fail();
    at_ += count;
  }

  // The next `count` bytes, as a cursor of their own.
  Cursor take(std::uint64_t count) {
    if (count > left()) {
      fail();
      return *this;
    }
    Cursor part({at_, static_cast<std::size_t>(count)});
    at_ += count;
    return part;
  }

 private:
  std::uint64_t leb_bits(unsigned& shift) {
    std::uint64_t value = 0;
    while (at_ != end_) {
      std::uint8_t byte = *at_++;
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }

  void fail() {
    ok_ = false;
    at_ = end_;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace weir::profiler
