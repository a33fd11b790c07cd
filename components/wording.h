// How health messages speak of times and sizes, and of what came in and did not go out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/duration.h"

namespace weir {

// "3 s", "4 min", "2 h": of a time that has passed or is to come.
std::string rough_text(Duration duration);
// "14.2 MiB"
std::string bytes_text(std::uint64_t bytes);
// "1 target", "2 targets"
std::string count_text(std::uint64_t count, const char* thing);
// "; 2 targets left out: they name no process", at the end of a message; "" where there are none.
std::string left_out_text(std::uint64_t count, const char* thing, std::string_view why);
// ": no file fits", after a count of 0; "" after any other. What runs without data says why.
std::string if_none(std::uint64_t count, std::string_view why);
// Of a component that was given no target.
inline constexpr std::string_view kNoTargetsCame = "0 targets came in: what gives them has none";
inline constexpr std::string_view kForwardsNowhere = "; forward_to is empty: profiles go nowhere";
// "GET http://api/…: no connection" as an error of a request says it, without the request.
std::string without_request(const std::string& error);
// The address without the user and password that may stand in it.
std::string url_text(const std::string& url);

}  // namespace weir
