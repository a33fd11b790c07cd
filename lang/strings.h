// The library's functions on text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::lang {

std::string replace_all(std::string_view text, std::string_view old, std::string_view by);
// How many split() makes, or a few more.
std::size_t count_parts(std::string_view text, std::string_view separator);
std::vector<std::string> split(std::string_view text, std::string_view separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Rune by rune; malformed bytes become U+FFFD where the text changes.
std::string map_runes(std::string_view text, char32_t (*map)(char32_t));
std::string trim(std::string_view text, std::string_view cutset);
std::string trim_space(std::string_view text);
std::string join_path(const std::vector<std::string>& parts);

}  // namespace weir::lang
