// Types as field tables write them, "list(map(string))", and which may stand where. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::runtime {

// What only the value can tell.
inline constexpr std::string_view kAny = "any";

struct TypeText {
  std::string_view outer;  // "list"
  std::string_view inner;  // "map(string)"
};
TypeText split_type(std::string_view type);
std::string list_of(std::string_view element);
std::string map_of(std::string_view field);

// Whether a value of the one type may fit a place of the other. Says yes where only the value itself decides.
bool may_fit(std::string_view value_type, std::string_view place_type);

// Whether it says what a value is: a scalar, a list, a map or a capsule.
bool is_concrete(std::string_view type);

// The type of what may be of either: "any" unless they are equal; "" is no type yet.
std::string common_type(std::string_view a, std::string_view b);

}  // namespace weir::runtime
