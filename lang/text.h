// The letters of Unicode 15, as far as the language needs them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace weir::lang {

// Of a config, and of what an expression makes: nested calls multiply, and a crafted config must not fill the
// memory.
inline constexpr std::size_t kLongestText = 64u << 20;
// Of a list that is made element by element.
inline constexpr std::size_t kMostElements = 4u << 20;

bool is_letter(char32_t code);     // category L
bool is_digit(char32_t code);      // category Nd
bool is_space(char32_t code);      // White_Space
bool is_printable(char32_t code);  // letters, marks, numbers, punctuation, symbols and the ASCII blank
char32_t to_lower(char32_t code);
char32_t to_upper(char32_t code);

bool is_identifier(std::string_view text);
// In double quotes, with the escapes of the language where they are needed.
std::string quote(std::string_view text);
// As it may stand on a terminal: what is not printable as an escape ("\x1b", "\n").
std::string printable(std::string_view text);

}  // namespace weir::lang
