// Reading foreign JSON leniently: what is missing or of another type is empty.
// For .cpp files only, as it brings Boost.JSON.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

// Strict JSON of bounded depth; `what` is named in the error.
Result<boost::json::value> parse_json(std::string_view text, std::string_view what);
// About how much memory what parse_json() makes of it takes: many times as much as the text, where the text
// is made for that.
std::size_t json_bytes(std::string_view text);

const boost::json::object& object_at(const boost::json::object& object, std::string_view key);
const boost::json::array& array_at(const boost::json::object& object, std::string_view key);
std::string_view text_at(const boost::json::object& object, std::string_view key);
std::string string_at(const boost::json::object& object, std::string_view key);  // a copy
std::int64_t number_at(const boost::json::object& object, std::string_view key);
bool bool_at(const boost::json::object& object, std::string_view key);
// Of an element of an array; empty when it is no object.
const boost::json::object& as_object(const boost::json::value& value);

}  // namespace weir
