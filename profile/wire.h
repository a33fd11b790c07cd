// The protobuf wire format: varints, tags and length-delimited fields.
// https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weir::profile {

inline std::size_t varint_size(std::uint64_t value) {
  auto bits = static_cast<std::size_t>(64 - std::countl_zero(value | 1));
  return (bits * 9 + 64) / 64;
}

inline char* put_varint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// Size of a varint field with a number below 16; zero is the default and not written.
inline std::size_t field_size(std::uint64_t value) {
  return value == 0 ? 0 : 1 + varint_size(value);
}

inline std::size_t message_size(std::size_t content) {
  return 1 + varint_size(content) + content;
}

// Writes fields with numbers below 16 (one-byte tags). The caller makes room
// first; a message is begun with its exact size.
class WireWriter {
 public:
  // Room for `bytes` more. Everything written in one go must be announced.
  void room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
  }
  void begin(unsigned number, std::size_t size) {
    tag(number, WireType::bytes);
    at_ = put_varint(at_, size);
  }
  void field(unsigned number, std::uint64_t value) {
    if (value == 0) return;
    tag(number, WireType::varint);
    at_ = put_varint(at_, value);
  }
  void varint(std::uint64_t value) { at_ = put_varint(at_, value); }
  void bytes(unsigned number, std::string_view value) {
    begin(number, value.size());
    if (!value.empty()) std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
  }
  std::string take();

 private:
  void tag(unsigned number, WireType type) {
    *at_++ = static_cast<char>(number << 3 | static_cast<unsigned>(type));
  }
  void grow(std::size_t bytes);

  std::string buffer_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

// A field as it was read. Integers stand in `value`, the rest in `bytes`.
struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t value = 0;
  std::string_view bytes;
};

// Reads fields one after the other; never past the end of what it was given.
class WireReader {
 public:
  explicit WireReader(std::string_view data) : at_(data.data()), end_(data.data() + data.size()) {}

  // False at the end, and when the bytes are no message (then failed() is true).
  bool next(WireField& field);
  bool varint(std::uint64_t& value);
  bool at_end() const { return at_ == end_; }
  bool failed() const { return failed_; }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  bool take(std::uint64_t size, std::string_view& bytes);

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace weir::profile
