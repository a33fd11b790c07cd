#include "web/path_prefix.h"

#include <algorithm>
#include <ranges>

#include <fmt/core.h>

namespace weir::web {
namespace {

// Answered at the root as well where the page has a prefix: machines look for it there.
constexpr std::string_view kAtRoot[] = {"/metrics", "/-/", "/api/v0/component/"};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").contains(c);
}

// Why `part`, between two slashes, cannot be one of the prefix; "" when it can.
std::string_view flaw(std::string_view part) {
  if (part.empty()) return "it has two slashes in a row";
  if (part == "." || part == "..") return "browsers take . and .. out of an address";
  if (!std::ranges::all_of(part, is_plain)) return "it may have letters, digits and -._~ between its slashes";
  return "";
}

bool hides_a_route(std::string_view first_part) {
  return std::ranges::any_of(
      kAtRoot, [&](std::string_view route) { return route.substr(1, route.find('/', 1) - 1) == first_part; });
}

}  // namespace

Result<std::string> read_path_prefix(std::string_view text) {
  std::string_view prefix = text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
  if (prefix.empty()) return std::string();
  if (!prefix.starts_with('/')) return fail("\"{}\" does not begin with a slash: write /{}", text, prefix);
  for (auto part : std::views::split(prefix, '/') | std::views::drop(1)) {
    std::string_view why = flaw(std::string_view(part));
    if (!why.empty()) return fail("\"{}\" is no prefix of paths: {}", text, why);
  }
  std::string_view first = prefix.substr(1, prefix.find('/', 1) - 1);
  if (hides_a_route(first)) {
    return fail("\"{}\" is taken: weir answers other requests below /{}; choose another, such as /weir", text,
                first);
  }
  return std::string(prefix);
}

std::optional<std::string> below_prefix(std::string path, std::string_view prefix) {
  if (prefix.empty()) return path;
  if (path.starts_with(prefix) && std::string_view(path).substr(prefix.size()).starts_with('/')) {
    return path.substr(prefix.size());
  }
  bool is_at_root =
      std::ranges::any_of(kAtRoot, [&](std::string_view begin) { return path.starts_with(begin); });
  return is_at_root ? std::optional(std::move(path)) : std::nullopt;
}

std::string page_address(std::string_view path, std::string_view prefix) {
  if (prefix.empty()) return {};
  if (path == "/") return fmt::format("{}/", prefix.substr(1));
  return path == prefix ? fmt::format("{}/", prefix.substr(prefix.rfind('/') + 1)) : std::string();
}

}  // namespace weir::web
