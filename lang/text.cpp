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

constexpr std::string_view kEscapable = "\a\b\f\n\r\t\v";
constexpr std::string_view kEscapes = "abfnrtv";

std::string hex_escape(const char* format, unsigned code) {
  std::array<char, 16> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, code);
  return buffer.data();
}

void append_printable(std::string& out, std::string_view text, Rune rune) {
  std::size_t escape = rune.code < ' ' ? kEscapable.find(static_cast<char>(rune.code)) : kEscapable.npos;
  if (!rune.valid) {
    out += hex_escape("\\x%02x", static_cast<unsigned char>(text[0]));
  } else if (is_printable(rune.code)) {
    out += text.substr(0, rune.size);
  } else if (escape != kEscapable.npos) {
    out += '\\';
    out += kEscapes[escape];
  } else if (rune.code < ' ' || rune.code == 0x7F) {
    out += hex_escape("\\x%02x", rune.code);
  } else {
    out += rune.code < 0x10000 ? hex_escape("\\u%04x", rune.code) : hex_escape("\\U%08x", rune.code);
  }
}

void append_quoted(std::string& out, std::string_view text, Rune rune) {
  if (rune.valid && (rune.code == '"' || rune.code == '\\')) out += '\\';
  append_printable(out, text, rune);
}

}  // namespace

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

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    append_printable(out, text.substr(at), rune);
    at += rune.size;
  }
  return out;
}

}  // namespace weir::lang
