#include "base/duration.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace weir {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

constexpr std::array<Unit, 8> kUnits = {{
    {"ns", 1},
    {"us", 1'000},
    {"\u00b5s", 1'000},  // micro sign
    {"\u03bcs", 1'000},  // Greek mu
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<std::uint64_t> unit_of(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit.nanoseconds;
  }
  return std::nullopt;
}

// The fraction after the point in nanoseconds: digits beyond what a double
// keeps exactly are cut, as Go does.
std::uint64_t fraction_of(std::string_view digits, std::uint64_t unit) {
  std::uint64_t value = 0;
  double scale = 1;
  for (char c : digits) {
    if (value > (std::numeric_limits<std::int64_t>::max() - 9) / 10) break;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    scale *= 10;
  }
  return static_cast<std::uint64_t>(static_cast<double>(value) * (static_cast<double>(unit) / scale));
}

// "1.5" -> "1.5", "2.500" -> "2.5", "3.000" -> "3".
std::string decimal(std::uint64_t value, std::uint64_t unit, int digits) {
  std::string text = fmt::format("{}", value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  std::string fraction = fmt::format("{:0{}}", rest, digits);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::uint64_t kMax = 1ull << 63;
  auto bad = [&] {
    return fail("\"{}\" is not a duration: write a number with a unit, such as \"15s\" or \"1m30s\"", text);
  };
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return Duration{0};
  if (rest.empty()) return bad();
  std::uint64_t total = 0;
  while (!rest.empty()) {
    std::size_t digits = 0;
    std::uint64_t whole = 0;
    while (digits < rest.size() && is_digit(rest[digits])) {
      if (whole > kMax / 10) return bad();
      whole = whole * 10 + static_cast<std::uint64_t>(rest[digits++] - '0');
      if (whole > kMax) return bad();
    }
    bool any = digits > 0;
    rest.remove_prefix(digits);
    std::string_view fraction;
    if (!rest.empty() && rest[0] == '.') {
      rest.remove_prefix(1);
      std::size_t n = 0;
      while (n < rest.size() && is_digit(rest[n])) ++n;
      fraction = rest.substr(0, n);
      rest.remove_prefix(n);
      any = any || n > 0;
    }
    if (!any) return bad();
    std::size_t n = 0;
    while (n < rest.size() && rest[n] != '.' && !is_digit(rest[n])) ++n;
    if (n == 0) {
      return fail("\"{}\" is not a duration: the unit is missing (ns, us, ms, s, m or h), such as \"{}s\"",
                  text, text);
    }
    auto unit = unit_of(rest.substr(0, n));
    if (!unit) {
      std::string_view name = rest.substr(0, n);
      return fail("\"{}\" is not a duration: unknown unit \"{}\" (there are ns, us, ms, s, m and h{})", text,
                  name, name.starts_with('d') ? "; a day is 24h" : "");
    }
    rest.remove_prefix(n);
    if (whole > kMax / *unit) return bad();
    total += whole * *unit + fraction_of(fraction, *unit);
    if (total > kMax) return bad();
  }
  if (total == kMax && !negative) return bad();
  auto nanoseconds = static_cast<std::int64_t>(negative ? 0 - total : total);
  return Duration{nanoseconds};
}

std::string format_duration(Duration duration) {
  std::int64_t count = duration.count();
  if (count == 0) return "0s";
  std::string sign = count < 0 ? "-" : "";
  std::uint64_t value = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  if (value < 1'000) return sign + decimal(value, 1, 0) + "ns";
  if (value < 1'000'000) return sign + decimal(value, 1'000, 3) + "\u00b5s";
  if (value < 1'000'000'000) return sign + decimal(value, 1'000'000, 6) + "ms";
  std::uint64_t minutes = value / 60'000'000'000;
  std::string text = decimal(value % 60'000'000'000, 1'000'000'000, 9) + "s";
  if (minutes > 0) text = fmt::format("{}m", minutes % 60) + text;
  if (minutes >= 60) text = fmt::format("{}h", minutes / 60) + text;
  return sign + text;
}

}  // namespace weir
