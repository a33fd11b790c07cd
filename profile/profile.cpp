#include "profile/profile.h"

#include <sys/random.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace weir::profile {

ProfileId ProfileId::random() {
  ProfileId id;
  std::size_t have = 0;
  while (have < id.bytes.size()) {
    ssize_t n = ::getrandom(id.bytes.data() + have, id.bytes.size() - have, 0);
    if (n < 0 && errno != EINTR) std::abort();  // cannot happen on a kernel that has the call
    if (n > 0) have += static_cast<std::size_t>(n);
  }
  // A version 4 UUID says of itself that it is random.
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::string ProfileId::to_string() const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

std::optional<ProfileId> ProfileId::parse(std::string_view text) {
  ProfileId id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if ((i == 4 || i == 6 || i == 8 || i == 10) && (at == text.size() || text[at++] != '-'))
      return std::nullopt;
    const char* from = text.data() + at;
    if (text.size() - at < 2 || *from == '-') return std::nullopt;
    if (std::from_chars(from, from + 2, id.bytes[i], 16).ptr != from + 2) return std::nullopt;
    at += 2;
  }
  if (at != text.size()) return std::nullopt;
  return id;
}

std::int64_t Profile::total() const {
  std::int64_t sum = 0;
  for (const Sample& sample : samples) sum = add_saturating(sum, sample.value);
  return sum;
}

}  // namespace weir::profile
