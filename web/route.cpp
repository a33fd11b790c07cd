#include "web/route.h"

#include <algorithm>
#include <ranges>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number.h"
#include "base/utf8.h"
#include "lang/diagnostic.h"
#include "net/query.h"
#include "net/text.h"

namespace weir::web {
namespace {

constexpr std::string_view kId = "ID", kName = "NAME", kRest = "…";

std::vector<std::string_view> names_of(const Route& route) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : route.parameters) names.push_back(parameter.name);
  return names;
}

Result<> unknown_parameter(const Route& route, const std::string& name) {
  auto names = names_of(route);
  if (names.empty()) return fail("{} has no parameter \"{}\", and no other", route.path, shown(name));
  return fail("{} has no parameter \"{}\", only {}{}", route.path, shown(name), fmt::join(names, ", "),
              lang::did_you_mean_hint(name, names));
}

Result<> check_value(const Parameter& parameter, const std::string& value) {
  if (value.empty()) return {};
  if (parameter.type == Parameter::Type::integer && !whole_number<std::int64_t>(value)) {
    return fail("parameter {}: \"{}\" is not a whole number of 64 bits", parameter.name, shown(value));
  }
  if (parameter.type != Parameter::Type::word) return {};
  auto words = split_words(parameter.words);
  if (std::ranges::find(words, value) != words.end()) return {};
  return fail("parameter {}: \"{}\" is none of {}{}", parameter.name, shown(value), fmt::join(words, ", "),
              lang::did_you_mean_hint(shown(value), words));
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view words) {
  std::vector<std::string_view> split;
  for (auto word : words | std::views::split('|')) split.emplace_back(word.begin(), word.end());
  return split;
}

std::optional<PathParts> match(const Route& route, std::string_view path) {
  std::string_view pattern = route.path;
  std::size_t id = pattern.find(kId);
  if (id == std::string_view::npos) {
    bool takes_rest = pattern.ends_with(kRest);
    if (takes_rest) pattern.remove_suffix(kRest.size());
    if (takes_rest ? !path.starts_with(pattern) : path != pattern) return std::nullopt;
    return PathParts{.id = {}, .name = {}, .rest = std::string(path.substr(pattern.size()))};
  }
  if (!path.starts_with(pattern.substr(0, id))) return std::nullopt;
  path.remove_prefix(id);
  std::string_view end = pattern.substr(id + kId.size());
  if (end.empty()) return PathParts{.id = std::string(path), .name = {}, .rest = {}};
  bool has_name = end.ends_with(kName);
  if (has_name) end.remove_suffix(kName.size());
  std::size_t at = path.rfind(end);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::string_view name = path.substr(at + end.size());
  if (!has_name && !name.empty()) return std::nullopt;
  return PathParts{.id = std::string(path.substr(0, at)), .name = std::string(name), .rest = {}};
}

std::string_view allowed_methods(const Route& route) {
  switch (route.methods) {
    case Route::Methods::read: return "GET, HEAD";
    case Route::Methods::post: return "POST";
    case Route::Methods::any: break;
  }
  return "any";
}

bool allows(const Route& route, std::string_view method) {
  switch (route.methods) {
    case Route::Methods::read: return method == "GET" || method == "HEAD";
    case Route::Methods::post: return method == "POST";
    case Route::Methods::any: break;
  }
  return true;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  if (text.size() <= kLongest) return std::string(text);
  return fmt::format("{}…", text.substr(0, utf8_floor(text, kLongest)));
}

std::string path_hint(std::string_view path, std::string_view path_prefix) {
  // Most paths begin alike: that says nothing of which one was meant.
  constexpr std::string_view kCommon = "/api/v0/web/";
  std::string_view begin = path.starts_with(kCommon) ? kCommon : "";
  std::vector<std::string_view> ends;
  for (const Route& route : routes()) {
    bool is_whole = !route.path.contains(kId) && !route.path.contains(kRest);
    if (is_whole && route.path.starts_with(begin)) ends.push_back(route.path.substr(begin.size()));
  }
  std::string near = lang::did_you_mean(path.substr(begin.size()), ends);
  return near.empty() ? near : fmt::format(", did you mean \"{}{}{}\"?", path_prefix, begin, near);
}

Result<> check_parameters(const Route& route, const net::Request& request) {
  std::set<std::string_view> seen;
  for (const net::QueryPair& pair : net::split_query(request.target)) {
    std::string name = net::decode_query(pair.name);
    auto known = std::ranges::find(route.parameters, name, &Parameter::name);
    if (known == route.parameters.end()) {
      if (route.unknown == Route::Unknown::ignored) continue;
      return unknown_parameter(route, name);
    }
    if (!seen.insert(known->name).second) return fail("parameter {} is given twice", known->name);
    if (auto checked = check_value(*known, net::decode_query(pair.value)); !checked) return checked;
  }
  for (const Parameter& parameter : route.parameters) {
    if (parameter.is_required && text_of(request, parameter).empty())
      return fail("parameter {} is missing", parameter.name);
  }
  return {};
}

std::optional<std::int64_t> given_integer(const net::Request& request, const Parameter& parameter) {
  auto value = whole_number<std::int64_t>(request.query(parameter.name));
  if (!value) return std::nullopt;
  return std::clamp(*value, parameter.lowest, parameter.highest);
}

std::int64_t integer_of(const net::Request& request, const Parameter& parameter) {
  return given_integer(request, parameter).value_or(parameter.number);
}

std::size_t size_of(const net::Request& request, const Parameter& parameter) {
  return static_cast<std::size_t>(integer_of(request, parameter));
}

std::string word_of(const net::Request& request, const Parameter& parameter) {
  std::string word = request.query(parameter.name);
  return word.empty() ? std::string(parameter.otherwise) : word;
}

std::string text_of(const net::Request& request, const Parameter& parameter) {
  return request.query(parameter.name);
}

}  // namespace weir::web
