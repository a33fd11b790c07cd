// Numbers and texts in a row of bytes: varints (zig-zag where they may be
// negative), texts with their length before them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::store {

class ByteWriter {
 public:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  void signed_number(std::int64_t value) {
    number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void bytes(std::string_view data) { out_.append(data); }
  void text(std::string_view data) {
    number(data.size());
    bytes(data);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Never reads past the end; after the first failure everything read is zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view data) : rest_(data) {}

  std::uint8_t byte() {
    if (rest_.empty()) return failed_ = true, 0;
    auto value = static_cast<std::uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      std::uint8_t next = byte();
      value |= std::uint64_t{next & 0x7fu} << shift;
      if (next < 0x80) return failed_ ? 0 : value;
    }
    fail();
    return 0;
  }
  std::int64_t signed_number() {
    std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  // A number of things that take at least `least` bytes each: never more than there can be.
  std::size_t count(std::size_t least) {
    std::uint64_t value = number();
    if (value > rest_.size() / least) return fail(), 0;
    return value;
  }
  // A number below `limit`.
  std::uint32_t index(std::size_t limit) {
    std::uint64_t value = number();
    if (value >= limit) return fail(), 0;
    return static_cast<std::uint32_t>(value);
  }
  std::string_view bytes(std::size_t size) {
    if (size > rest_.size()) return fail(), std::string_view();
    std::string_view data = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return data;
  }
  std::string_view text() { return bytes(count(1)); }

  void fail() {
    failed_ = true;
    rest_ = {};
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace weir::store
