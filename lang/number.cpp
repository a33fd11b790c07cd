#include "lang/number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace weir::lang {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;

std::optional<double> parse_with(std::string_view digits, std::chars_format format) {
  if (digits.empty() || digits[0] == '-' || digits[0] == '+') return std::nullopt;
  char first = digits[0];
  if (first != '.' && !(first >= '0' && first <= '9') && format != std::chars_format::hex)
    return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, format);
  if (end != digits.data() + digits.size()) return std::nullopt;
  if (error == std::errc()) return value;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  // from_chars does not say which end of the range was passed; strtod does.
  value = std::strtod(std::string(digits).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  Integer value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> parse_float(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::optional<double> value;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;
    value = parse_with(text.substr(2), std::chars_format::hex);
  } else {
    value = parse_with(text, std::chars_format::general);
  }
  if (value && negative) value = -*value;
  return value;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return parse_integer<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  return parse_integer<std::uint64_t>(text);
}

std::int64_t float_to_int(double value) {
  if (!(value >= -kTwo63 && value < kTwo63)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

std::uint64_t float_to_uint(double value) {
  if (value < kTwo63) return static_cast<std::uint64_t>(float_to_int(value));
  return static_cast<std::uint64_t>(float_to_int(value - kTwo63)) ^ (1ull << 63);
}

std::string format_plain(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[400];  // the largest double has 309 digits, the smallest some 340
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return error == std::errc() ? std::string(buffer, end) : std::to_string(value);
}

double number_as_float(const Value& value) {
  if (auto* f = value.as_float()) return *f;
  if (auto* u = value.as_uint()) return static_cast<double>(*u);
  return static_cast<double>(*value.as_int());
}

std::int64_t number_as_int(const Value& value) {
  if (auto* f = value.as_float()) return float_to_int(*f);
  if (auto* u = value.as_uint()) return static_cast<std::int64_t>(*u);
  return *value.as_int();
}

std::uint64_t number_as_uint(const Value& value) {
  if (auto* f = value.as_float()) return float_to_uint(*f);
  if (auto* u = value.as_uint()) return *u;
  return static_cast<std::uint64_t>(*value.as_int());
}

std::string number_text(const Value& value) {
  if (auto* f = value.as_float()) return format_plain(*f);
  if (auto* u = value.as_uint()) return std::to_string(*u);
  return std::to_string(*value.as_int());
}

}  // namespace weir::lang
