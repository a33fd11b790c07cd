#include "components/wording.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace weir {

std::string rough_text(Duration duration) {
  auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string count_text(std::uint64_t count, const char* thing) {
  bool es = std::string_view(thing).ends_with("ss");
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : es ? "es" : "s");
}

std::string left_out_text(std::uint64_t count, const char* thing, std::string_view why) {
  return count == 0 ? "" : fmt::format("; {} left out: {}", count_text(count, thing), why);
}

std::string if_none(std::uint64_t count, std::string_view why) {
  return count > 0 ? "" : fmt::format(": {}", why);
}

std::string without_request(const std::string& error) {
  std::size_t end = error.starts_with("GET ") ? error.find(": ") : std::string::npos;
  return end == std::string::npos ? error : error.substr(end + 2);
}

std::string url_text(const std::string& url) {
  std::size_t begin = url.find("://");
  if (begin == std::string::npos) return url;
  begin += 3;
  std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  // A password with a "/" that is not written as %2F: no port is like that.
  std::string host = url.substr(begin, end - begin);
  std::size_t colon = host.find(':');
  bool is_cut = colon != std::string::npos && !host.starts_with('[') && !host.contains('@') &&
                host.find_first_not_of("0123456789", colon + 1) != std::string::npos;
  if (is_cut) end = url.size();
  std::size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < begin ? url : url.substr(0, begin) + url.substr(at + 1);
}

}  // namespace weir
