// The config language's values in the form the peer's API gives them
// (statements of {name, type, value}), with long lists cut.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/json.h"
#include "lang/field.h"
#include "lang/value.h"

namespace weir::web {

// A list is written up to here; past it the value says "length", and "view" names where the rest is read.
inline constexpr std::size_t kListLimit = 20;
// Of a text; what stands in a list is one of many.
inline constexpr std::size_t kTextLimit = 64 << 10;
inline constexpr std::size_t kItemTextLimit = 1 << 10;

// Which attributes and fields are shown as "(secret)" though their type says nothing; empty: none.
using Hides = std::function<bool(std::string_view name)>;

struct BodyStyle {
  // Fields at their default: left out, as the peer does, or written with "default": true
  // and what the field table says of them.
  enum class Defaults { left_out, marked } defaults = Defaults::left_out;
  // Of the table the body was made from; null: no notes.
  const lang::BodySchema* schema = nullptr;
  // "arguments" or "exports": a long list at the top is the view "arguments.NAME". Empty: no views.
  std::string_view view_prefix;
  Hides hides = {};
};

// {"type": …, "value": …}; of a text that was cut also its "length".
void write_value(JsonWriter& json, const lang::Value& value, std::size_t text_limit = kTextLimit,
                 const Hides& hides = {});
// [{"name": …, "type": "attr" or "block", …}, …]
void write_body(JsonWriter& json, const lang::BodyValue& body, const BodyStyle& style);
// An object value as a body (exports).
void write_exports(JsonWriter& json, const lang::Value& exports, const BodyStyle& style);

}  // namespace weir::web
