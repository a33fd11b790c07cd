#include "profiler/symbols/punycode.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/utf8.h"

namespace weir::profiler {
namespace {

// The parameters of RFC 3492, section 5.
constexpr std::int64_t kBase = 36;
constexpr std::int64_t kMinThreshold = 1;
constexpr std::int64_t kMaxThreshold = 26;
constexpr std::int64_t kSkew = 38;
constexpr std::int64_t kDamp = 700;
constexpr std::int64_t kFirstBias = 72;
constexpr std::int64_t kFirstCode = 128;

constexpr std::int64_t kMaxCode = 0x10ffff;
// Characters are put in one by one, each in its place.
constexpr std::size_t kMaxCharacters = 1024;

std::int64_t digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0' + 26;
  if (c >= 'A' && c <= 'Z') return c - 'A';
  return c >= 'a' && c <= 'z' ? c - 'a' : -1;
}

std::int64_t adapted_bias(std::int64_t delta, std::int64_t count, std::int64_t damp) {
  delta /= damp;
  delta += delta / count;
  std::int64_t k = 0;
  for (; delta > (kBase - kMinThreshold) * kMaxThreshold / 2; k += kBase) delta /= kBase - kMinThreshold;
  return k + (kBase - kMinThreshold + 1) * delta / (delta + kSkew);
}

// Adds one number of variable length to `value`.
bool read_number(std::string_view& rest, std::int64_t bias, std::int64_t& value) {
  constexpr std::int64_t kMaxWeight = 0x7fffffff / kBase;
  std::int64_t weight = 1;
  for (std::int64_t k = kBase;; k += kBase) {
    std::int64_t digit = rest.empty() ? -1 : digit_of(rest[0]);
    if (digit < 0) return false;
    rest.remove_prefix(1);
    value += digit * weight;
    std::int64_t threshold = std::clamp(k - bias, kMinThreshold, kMaxThreshold);
    if (digit < threshold) return true;
    if (weight >= kMaxWeight) return false;
    weight *= kBase - threshold;
  }
}

}  // namespace

std::optional<std::string> decode_punycode(std::string_view text) {
  if (text.size() > kMaxCharacters) return std::nullopt;
  std::size_t split = text.rfind('_');
  std::string_view ascii = split == std::string_view::npos ? "" : text.substr(0, split);
  std::string_view rest = split == std::string_view::npos ? text : text.substr(split + 1);
  std::vector<std::int64_t> codes(ascii.begin(), ascii.end());
  std::int64_t code = kFirstCode;
  std::int64_t bias = kFirstBias;
  std::int64_t place = 0;
  while (!rest.empty()) {
    std::int64_t before = place;
    if (!read_number(rest, bias, place)) return std::nullopt;
    auto count = static_cast<std::int64_t>(codes.size()) + 1;
    bias = adapted_bias(place - before, count, before == 0 ? kDamp : 2);
    code += place / count;
    if (code > kMaxCode || (code >= 0xd800 && code <= 0xdfff)) return std::nullopt;
    place %= count;
    codes.insert(codes.begin() + place, code);
    ++place;
  }
  std::string decoded;
  for (std::int64_t each : codes) append_utf8(decoded, static_cast<char32_t>(each));
  return decoded;
}

}  // namespace weir::profiler
