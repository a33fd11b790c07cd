#include "cli/figures.h"

#include <array>
#include <cmath>

#include <fmt/core.h>

namespace weir::cli {
namespace {

// Three figures: 0.34, 5.61, 42.1, 317.
std::string figures(double value) {
  double size = std::abs(value);
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  return size >= 9.995 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

std::string time_text(double nanoseconds) {
  double size = std::abs(nanoseconds);
  if (size == 0) return "0 s";
  if (size < 1e6) return figures(nanoseconds / 1e3) + " us";
  if (size < 1e9) return figures(nanoseconds / 1e6) + " ms";
  if (size < 120e9) return figures(nanoseconds / 1e9) + " s";
  return size < 7200e9 ? figures(nanoseconds / 60e9) + " min" : figures(nanoseconds / 3600e9) + " h";
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string amount_text(std::int64_t value, std::string_view unit) {
  if (unit == "nanoseconds") return time_text(static_cast<double>(value));
  std::string sign = value < 0 ? "-" : "";
  auto size = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  if (unit == "bytes") return sign + size_text(size);
  return sign + grouped(size);
}

std::string percent_text(double share) {
  return figures(share * 100) + " %";
}

std::string change_text(std::int64_t before, std::int64_t after) {
  if (before == after) return "=";
  if (before == 0) return "new";
  if (after == 0) return "gone";
  double share = static_cast<double>(after) / static_cast<double>(before) - 1;
  return (share > 0 ? "+" : "") + percent_text(share);
}

std::string size_text(std::size_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  auto size = static_cast<double>(bytes);
  for (std::string_view unit : {"kB", "MB"}) {
    size /= 1000;
    if (size < 1000) return fmt::format("{} {}", figures(size), unit);
  }
  return fmt::format("{} GB", figures(size / 1000));
}

}  // namespace weir::cli
