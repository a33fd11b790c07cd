// UTF-8 and the letters of Unicode 15, as far as the language needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::lang {

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

bool is_letter(char32_t code);     // category L
bool is_digit(char32_t code);      // category Nd
bool is_space(char32_t code);      // White_Space
bool is_printable(char32_t code);  // letters, marks, numbers, punctuation, symbols and the ASCII blank
char32_t to_lower(char32_t code);
char32_t to_upper(char32_t code);

bool is_identifier(std::string_view text);
// In double quotes, with the escapes of the language where they are needed.
std::string quote(std::string_view text);

}  // namespace weir::lang
