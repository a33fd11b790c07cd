#include "runtime/type_text.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace weir::runtime {
namespace {

constexpr std::array<std::string_view, 5> kScalars = {"string", "number", "bool", "duration", "secret"};

bool is_compound(std::string_view outer) {
  return outer == "list" || outer == "map" || outer == "capsule";
}

// Numbers and texts turn into each other; a duration is a text, and 0 is a duration.
bool scalar_may_fit(std::string_view value, std::string_view place) {
  if (value == place) return true;
  if (value == "bool" || place == "bool" || value == "secret") return false;
  return place != "secret" || value != "number";
}

}  // namespace

TypeText split_type(std::string_view type) {
  auto open = type.find('(');
  if (open == std::string_view::npos || !type.ends_with(')')) return {.outer = type, .inner = {}};
  return {.outer = type.substr(0, open), .inner = type.substr(open + 1, type.size() - open - 2)};
}

std::string list_of(std::string_view element) {
  return fmt::format("list({})", element);
}

std::string map_of(std::string_view field) {
  return fmt::format("map({})", field);
}

bool may_fit(std::string_view value_type, std::string_view place_type) {
  if (value_type == place_type) return true;
  TypeText value = split_type(value_type);
  TypeText place = split_type(place_type);
  if (!is_concrete(value_type) || !is_concrete(place_type)) return true;
  if (!is_compound(value.outer) && !is_compound(place.outer)) return scalar_may_fit(value.outer, place.outer);
  if (value.outer != place.outer) return false;
  return place.outer == "capsule" ? value.inner == place.inner : may_fit(value.inner, place.inner);
}

bool is_concrete(std::string_view type) {
  std::string_view outer = split_type(type).outer;
  return is_compound(outer) || std::ranges::find(kScalars, outer) != kScalars.end();
}

std::string common_type(std::string_view a, std::string_view b) {
  if (a.empty() || a == b) return std::string(b);
  TypeText first = split_type(a);
  TypeText second = split_type(b);
  if (first.outer != second.outer || first.inner.empty() || first.outer == "capsule")
    return std::string(kAny);
  return fmt::format("{}({})", first.outer, common_type(first.inner, second.inner));
}

}  // namespace weir::runtime
