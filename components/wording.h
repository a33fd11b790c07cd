// How health messages speak of times and sizes.
#pragma once

#include <cstdint>
#include <string>

#include "base/duration.h"

namespace weir {

// "3 s", "4 min", "2 h": of a time that has passed or is to come.
std::string rough_text(Duration duration);
// "14.2 MiB"
std::string bytes_text(std::uint64_t bytes);
// "1 target", "2 targets"
std::string count_text(std::uint64_t count, const char* thing);
// "GET http://api/…: no connection" as an error of a request says it, without the request.
std::string without_request(const std::string& error);
// The address without the user and password that may stand in it.
std::string url_text(const std::string& url);

}  // namespace weir
