#include "profile/wire.h"

#include <algorithm>

namespace weir::profile {

void WireWriter::grow(std::size_t bytes) {
  auto used = static_cast<std::size_t>(at_ - buffer_.data());
  if (at_ == nullptr) used = 0;
  std::size_t size = std::max(used + bytes, buffer_.size() * 2);
  buffer_.resize_and_overwrite(size, [](char*, std::size_t n) { return n; });
  at_ = buffer_.data() + used;
  end_ = buffer_.data() + buffer_.size();
}

std::string WireWriter::take() {
  if (at_ != nullptr) buffer_.resize(static_cast<std::size_t>(at_ - buffer_.data()));
  at_ = end_ = nullptr;
  return std::move(buffer_);
}

bool WireReader::varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) return fail();
    auto byte = static_cast<std::uint8_t>(*at_++);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return fail();
}

bool WireReader::take(std::uint64_t size, std::string_view& bytes) {
  if (size > static_cast<std::uint64_t>(end_ - at_)) return fail();
  bytes = std::string_view(at_, size);
  at_ += size;
  return true;
}

bool WireReader::next(WireField& field) {
  if (failed_ || at_ == end_) return false;
  std::uint64_t tag = 0;
  if (!varint(tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return fail();
  field.number = static_cast<std::uint32_t>(tag >> 3);
  field.value = 0;
  field.bytes = {};
  switch (tag & 7) {
    case 0: field.type = WireType::varint; return varint(field.value);
    case 1: field.type = WireType::fixed64; return take(8, field.bytes);
    case 2: {
      std::uint64_t size = 0;
      field.type = WireType::bytes;
      return varint(size) && take(size, field.bytes);
    }
    case 5: field.type = WireType::fixed32; return take(4, field.bytes);
    default: return fail();  // groups: nobody has written them for pprof
  }
}

}  // namespace weir::profile
