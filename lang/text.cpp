#include "lang/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

#include "lang/unicode_tables.h"

namespace weir::lang {
namespace {

template <std::size_t N>
bool contains(const unicode::Range (&ranges)[N], char32_t code) {
  auto it = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                             [](char32_t c, const unicode::Range& range) { return c < range.first; });
  return it != std::begin(ranges) && code <= std::prev(it)->last;
}

template <std::size_t N>
char32_t mapped(const unicode::CaseRange (&ranges)[N], char32_t code) {
  auto it = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                             [](char32_t c, const unicode::CaseRange& range) { return c < range.first; });
  if (it == std::begin(ranges)) return code;
  const unicode::CaseRange& range = *std::prev(it);
  if (code > range.last || (code - range.first) % static_cast<char32_t>(range.step) != 0) return code;
  return static_cast<char32_t>(static_cast<int>(code) + range.delta);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

constexpr std::string_view kEscapable = "\a\b\f\n\r\t\v\\\"";
constexpr std::string_view kEscapes = "abfnrtv\\\"";

std::string hex_escape(const char* format, unsigned code) {
  std::array<char, 16> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, code);
  return buffer.data();
}

void append_quoted(std::string& out, std::string_view text, Rune rune) {
  if (!rune.valid) {
    out += hex_escape("\\x%02x", static_cast<unsigned char>(text[0]));
    return;
  }
  std::size_t escape =
      rune.code < 0x80 ? kEscapable.find(static_cast<char>(rune.code)) : std::string_view::npos;
  if (escape != std::string_view::npos) {
    out += '\\';
    out += kEscapes[escape];
  } else if (is_printable(rune.code)) {
    out += text.substr(0, rune.size);
  } else if (rune.code < ' ' || rune.code == 0x7F) {
    out += hex_escape("\\x%02x", rune.code);
  } else {
    out += rune.code < 0x10000 ? hex_escape("\\u%04x", rune.code) : hex_escape("\\U%08x", rune.code);
  }
}

}  // namespace

Rune decode_rune(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  std::uint32_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return {};
  char32_t code = first & (0x7Fu >> size);
  for (std::uint32_t i = 1; i < size; ++i) {
    if (!is_continuation(text[at + i])) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[size] || surrogate || code > 0x10FFFF) return {};
  return {code, size, true};
}

void append_utf8(std::string& out, char32_t code) {
  if ((code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) code = kReplacement;
  auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    if (!rune.valid) return false;
    at += rune.size;
  }
  return true;
}

std::size_t utf8_floor(std::string_view text, std::size_t limit) {
  if (limit >= text.size()) return text.size();
  std::size_t cut = limit;
  while (cut > 0 && limit - cut < 4 && is_continuation(text[cut])) --cut;
  return cut;
}

bool is_letter(char32_t code) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  return contains(unicode::kLetters, code);
}

bool is_digit(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return contains(unicode::kDigits, code);
}

bool is_space(char32_t code) {
  return (code >= 9 && code <= 13) || code == ' ' || code == 0x85 || code == 0xA0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
         code == 0x205F || code == 0x3000;
}

bool is_printable(char32_t code) {
  if (code < 0x80) return code >= ' ' && code < 0x7F;
  return code <= 0x10FFFF && !contains(unicode::kUnprintable, code);
}

char32_t to_lower(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return mapped(unicode::kLower, code);
}

char32_t to_upper(char32_t code) {
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  return mapped(unicode::kUpper, code);
}

bool is_identifier(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    bool fits = rune.code == '_' || is_letter(rune.code) || (at > 0 && is_digit(rune.code));
    if (!rune.valid || !fits) return false;
    at += rune.size;
  }
  return !text.empty();
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    append_quoted(out, text.substr(at), rune);
    at += rune.size;
  }
  return out += '"';
}

}  // namespace weir::lang
