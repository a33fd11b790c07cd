// UTF-8: reading and writing it one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

inline constexpr char32_t kReplacement = 0xFFFD;

struct Rune {
  char32_t code = kReplacement;
  std::uint32_t size = 1;  // bytes
  bool valid = false;      // malformed bytes are one invalid rune each
};

// The rune at `text[at]`, which must exist.
Rune decode_rune(std::string_view text, std::size_t at = 0);
void append_utf8(std::string& out, char32_t code);
bool is_utf8(std::string_view text);
// The largest cut of at most `limit` bytes that splits no rune.
std::size_t utf8_floor(std::string_view text, std::size_t limit);
// Of a terminal: none for a mark upon the letter before, two for a wide letter. Not all of them are known: a
// caret may stand a column off.
std::size_t columns_of(char32_t code);
std::size_t columns_of(std::string_view text);
// Names of programs and of files may be any bytes: what is no UTF-8 becomes U+FFFD.
std::string utf8_text(std::string_view text);

}  // namespace weir
