// Values as the conformance corpus writes them: {"t":"int","v":"7"}.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "lang/codec.h"
#include "lang/value.h"

namespace weir::lang::conformance {

lang::Value value_of(const boost::json::value& typed);
// The value in a place of type `as` ("any", "int8", "targets", …).
lang::Converted<boost::json::value> typed_json(const lang::Value& value, std::string_view as);

std::string base64_decode(std::string_view text);

}  // namespace weir::lang::conformance
