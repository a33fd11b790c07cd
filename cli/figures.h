// Numbers for people, as the terminal shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::cli {

// 1234567 is "1,234,567".
std::string grouped(std::uint64_t number);

// A value of a profile in its own unit: "433 ms", "12.5 kB", "1,234".
std::string amount_text(std::int64_t value, std::string_view unit);

// 0.1234 is "12.3 %".
std::string percent_text(double share);

// "+62.1 %", "new", "gone", "=".
std::string change_text(std::int64_t before, std::int64_t after);

// "184 kB".
std::string size_text(std::size_t bytes);

}  // namespace weir::cli
