#include "lang/format_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/core.h>

#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

int rune_count(std::string_view text) {
  int count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += decode_rune(text, at).size;
  return count;
}

FormatSpec without_zero(FormatSpec spec) {
  spec.zero = false;
  return spec;
}

std::string digits_of(std::uint64_t number, int base, bool upper) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number, base).ptr;
  std::string text(buffer, end);
  if (upper) {
    for (char& c : text) c = static_cast<char>(to_upper(static_cast<unsigned char>(c)));
  }
  return text;
}

struct Integer {
  std::uint64_t magnitude = 0;
  bool negative = false;
};

void print_in_base(std::string& out, Integer number, const FormatSpec& spec, int base, char32_t verb) {
  if (spec.precision == 0 && number.magnitude == 0) return without_zero(spec).pad_to(out, "");
  std::string digits = digits_of(number.magnitude, base, verb == 'X');
  bool has_sign = number.negative || spec.plus || spec.space;
  int wanted = spec.precision.value_or(0);
  // Zeros to the width come before the prefix is counted, as in the peer: %#06x is 0x00002a.
  if (!spec.precision && spec.zero && !spec.minus) wanted = spec.width.value_or(0) - (has_sign ? 1 : 0);
  if (wanted > static_cast<int>(digits.size())) {
    digits.insert(0, static_cast<std::size_t>(wanted) - digits.size(), '0');
  }
  if (spec.sharp && base == 2) digits.insert(0, "0b");
  if (spec.sharp && base == 8 && digits[0] != '0') digits.insert(0, "0");
  if (spec.sharp && base == 16) digits.insert(0, verb == 'X' ? "0X" : "0x");
  if (verb == 'O') digits.insert(0, "0o");
  if (number.negative) {
    digits.insert(0, "-");
  } else if (has_sign) {
    digits.insert(0, spec.plus ? "+" : " ");
  }
  without_zero(spec).pad_to(out, digits);
}

char32_t rune_of(std::uint64_t code) {
  return code > 0x10FFFF ? kReplacement : static_cast<char32_t>(code);
}

std::string utf8(char32_t code) {
  std::string text;
  append_utf8(text, code);
  return text;
}

// 'x' in single quotes; a double quote needs no backslash there, a single one does.
std::string quote_rune(char32_t code, bool ascii_only) {
  bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code == '\'') return "'\\''";
  if (code == '"') return "'\"'";
  std::string quoted = quote_with(utf8(surrogate ? kReplacement : code), ascii_only);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

void print_code_point(std::string& out, std::uint64_t code, const FormatSpec& spec) {
  std::string digits = digits_of(code, 16, true);
  std::size_t wanted = static_cast<std::size_t>(std::max(4, spec.precision.value_or(4)));
  if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
  std::string text = "U+" + digits;
  if (spec.sharp && code <= 0x10FFFF && is_printable(static_cast<char32_t>(code))) {
    text += " '" + utf8(static_cast<char32_t>(code)) + "'";
  }
  without_zero(spec).pad_to(out, text);
}

// The shortest digits, in the form that suits the size: 2.5, 1e+21.
std::string shortest(double value, char32_t verb) {
  char buffer[400];
  auto to = [&](std::chars_format format) {
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr);
  };
  if (verb == 'f' || verb == 'F') return to(std::chars_format::fixed);
  std::string text = to(std::chars_format::scientific);
  if (verb == 'e' || verb == 'E') return text;
  int exponent = std::stoi(text.substr(text.find('e') + 1));
  constexpr int kLargestPlain = 5;
  return exponent < -4 || exponent > kLargestPlain ? text : to(std::chars_format::fixed);
}

// 0x1.8p+01
std::string hexadecimal(double value, std::optional<int> precision) {
  std::string text = precision ? fmt::format("{:.{}a}", value, *precision) : fmt::format("{:a}", value);
  std::size_t exponent = text.find('p') + 2;
  if (text.size() - exponent < 2) text.insert(exponent, "0");
  return text;
}

// 4503599627370496p-52
std::string binary(double value) {
  int exponent = 0;
  double fraction = std::frexp(value, &exponent);
  auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  if (value == 0) exponent = -1021;
  return fmt::format("{}p{:+d}", mantissa, exponent - 53);
}

// With # the decimal point stays, and for g and x the zeros behind it, up to so many digits.
std::string with_point(std::string text, const FormatSpec& spec, char32_t verb) {
  bool is_hex = verb == 'x' || verb == 'X';
  std::size_t exponent = text.find(is_hex ? 'p' : 'e');
  std::string tail = exponent == std::string::npos ? "" : text.substr(exponent);
  text.resize(text.size() - tail.size());
  int missing = 0;
  if (is_hex || verb == 'v' || verb == 'g' || verb == 'G') missing = spec.precision.value_or(6);
  bool significant = false;
  std::size_t prefix = is_hex ? text.find('x') + 1 : 0;
  for (char c : std::string_view(text).substr(prefix)) {
    if (c == '.' || c == '-') continue;
    significant = significant || c != '0';
    if (significant) --missing;
  }
  bool has_point = text.find('.') != std::string::npos;
  // A lone zero counts as a digit.
  if (!significant && !has_point) --missing;
  if (!has_point) text += '.';
  if (missing > 0) text.append(static_cast<std::size_t>(missing), '0');
  return text + tail;
}

std::string float_text(double value, const FormatSpec& spec, char32_t verb) {
  if (verb == 'b') return binary(value);
  if (verb == 'x' || verb == 'X') return hexadecimal(value, spec.precision);
  if (verb == 'f' || verb == 'F') return fmt::format("{:.{}f}", value, spec.precision.value_or(6));
  if (verb == 'e' || verb == 'E') return fmt::format("{:.{}e}", value, spec.precision.value_or(6));
  if (spec.precision) return fmt::format("{:.{}g}", value, *spec.precision);
  return shortest(value, verb);
}

bool is_float_verb(char32_t verb) {
  return verb < 0x80 &&
         std::string_view("veEfFgGbxX").find(static_cast<char>(verb)) != std::string_view::npos;
}

}  // namespace

void FormatSpec::pad_to(std::string& out, std::string_view text) const {
  int missing = width.value_or(0) - rune_count(text);
  std::string padding(static_cast<std::size_t>(std::max(0, missing)), zero && !minus ? '0' : ' ');
  if (!minus) out += padding;
  out += text;
  if (minus) out += padding;
}

std::string quote_with(std::string_view text, bool ascii_only) {
  std::string quoted = quote(text);
  if (!ascii_only) return quoted;
  std::string out;
  for (std::size_t at = 0; at < quoted.size();) {
    Rune rune = decode_rune(quoted, at);
    if (rune.code < 0x80) {
      out += quoted[at];
    } else {
      out += rune.code < 0x10000 ? fmt::format("\\u{:04x}", static_cast<unsigned>(rune.code))
                                 : fmt::format("\\U{:08x}", static_cast<unsigned>(rune.code));
    }
    at += rune.size;
  }
  return out;
}

bool print_integer(std::string& out, const Value& value, const FormatSpec& spec, char32_t verb) {
  Integer number{number_as_uint(value), value.as_int() && *value.as_int() < 0};
  std::uint64_t bits = number.magnitude;
  if (number.negative) number.magnitude = 0 - number.magnitude;
  switch (verb) {
    case 'v':
    case 'd': print_in_base(out, number, spec, 10, verb); return true;
    case 'b': print_in_base(out, number, spec, 2, verb); return true;
    case 'o':
    case 'O': print_in_base(out, number, spec, 8, verb); return true;
    case 'x':
    case 'X': print_in_base(out, number, spec, 16, verb); return true;
    case 'c': spec.pad_to(out, utf8(rune_of(bits))); return true;
    case 'q': spec.pad_to(out, quote_rune(rune_of(bits), spec.plus)); return true;
    case 'U': print_code_point(out, bits, spec); return true;
    default: return false;
  }
}

bool print_float(std::string& out, double value, const FormatSpec& spec, char32_t verb) {
  if (!is_float_verb(verb)) return false;
  bool plus = spec.plus;
  if (!std::isfinite(value)) {
    std::string text = std::isnan(value) ? "NaN" : "Inf";
    if (value < 0) {
      text.insert(0, "-");
    } else if (plus || spec.space || !std::isnan(value)) {
      // An infinity always has its sign.
      text.insert(0, spec.space && !plus ? " " : "+");
    }
    without_zero(spec).pad_to(out, text);
    return true;
  }
  std::string text = float_text(value, spec, verb);
  if (spec.sharp && verb != 'b') text = with_point(std::move(text), spec, verb);
  if (verb == 'E' || verb == 'G' || verb == 'X') {
    for (char& c : text) c = static_cast<char>(to_upper(static_cast<unsigned char>(c)));
  }
  std::string sign;
  if (text[0] == '-') {
    sign = "-";
    text.erase(0, 1);
  } else if (plus) {
    sign = "+";
  } else if (spec.space) {
    sign = " ";
  }
  int missing = spec.width.value_or(0) - static_cast<int>(sign.size() + text.size());
  // Zeros go between the sign and the number.
  if (missing > 0 && spec.zero && !spec.minus) {
    text.insert(0, static_cast<std::size_t>(missing), '0');
  }
  spec.pad_to(out, sign + text);
  return true;
}

}  // namespace weir::lang
