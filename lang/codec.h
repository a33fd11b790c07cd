// Codec<T>: how a C++ type and a Value turn into each other. The language's own
// types are here; a room above specialises it for what it brings (target lists,
// receivers).
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "base/duration.h"
#include "lang/value.h"

namespace weir::lang {

// Why a value does not fit a typed place. `path` is where inside the value:
// ".field", "[3].name"; "" is the value itself.
struct Mismatch {
  std::string path;
  std::string message;  // "should be string, got array"
};

template <class T>
using Converted = std::expected<T, Mismatch>;

// Specialisations provide:
//   static std::string type();                       // "list(string)"
//   static Converted<T> from_value(const Value&);    // section 5 of the language
//   static Value to_value(const T&);
template <class T>
struct Codec;

std::unexpected<Mismatch> mismatch(std::string_view expected, const Value& got);

// Specialised in this header, with implementations in codec.cpp: bool, std::int32_t, std::int64_t,
// std::uint32_t, std::uint64_t, double, std::string, Duration, Secret, OptionalSecret, Value (any), and the
// templates std::vector<T> and std::map<std::string, T>.

}  // namespace weir::lang
