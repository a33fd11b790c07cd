// Numbers as the language counts and writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lang/value.h"

namespace weir::lang {

// Decimal, or hexadecimal with a binary exponent; too large is nullopt, too small is 0.
std::optional<double> parse_float(std::string_view text);
std::optional<std::int64_t> parse_int(std::string_view text);    // base 10, optional sign
std::optional<std::uint64_t> parse_uint(std::string_view text);  // base 10, no sign

// Truncates; what no integer can hold becomes what the processor makes of it.
std::int64_t float_to_int(double value);
std::uint64_t float_to_uint(double value);

// Plain notation with the shortest digits, never an exponent.
std::string format_plain(double value);

// A number value as one kind. The value must be a number.
double number_as_float(const Value& value);
std::int64_t number_as_int(const Value& value);
std::uint64_t number_as_uint(const Value& value);
// "15", "2.5".
std::string number_text(const Value& value);

}  // namespace weir::lang
