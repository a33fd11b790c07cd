// Durations in the text form of Go ("1h30m0s", "500ms"), which is the form the
// config language, the flags and the pages speak.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

using Duration = std::chrono::nanoseconds;

// A sum of decimal numbers with units ns us µs μs ms s m h and an optional
// leading sign; "0" alone needs no unit.
Result<Duration> parse_duration(std::string_view text);

// The shortest Go form: 90 min is "1h30m0s", 1500 µs is "1.5ms", nothing is "0s".
std::string format_duration(Duration duration);

}  // namespace weir
