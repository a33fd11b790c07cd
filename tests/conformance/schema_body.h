// Bodies decoded against a schema that a conformance case brings along. The product's tables come from
// structs; this one is made while the program runs, and the product's decoder reads it.
#pragma once

#include <expected>

#include <boost/json/object.hpp>

#include "lang/eval.h"

namespace weir::lang::conformance {

std::expected<boost::json::object, Diagnostics> decode_body(const File& file,
                                                            const boost::json::object& schema,
                                                            const EvalOptions& options);

}  // namespace weir::lang::conformance
