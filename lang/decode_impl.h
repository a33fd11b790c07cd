// Behind eval.h: decoding with the types erased.
#pragma once

#include <optional>
#include <span>

#include "lang/diagnostic.h"
#include "lang/field.h"

namespace weir::lang::detail {

// Fills `object`, which holds the defaults; false when there was an error.
bool decode_body(const Table& table, void* object, const Body& body, Span at, const SourcePtr& source,
                 const DecodeOptions& options, Diagnostics& diagnostics);

bool decode_body_again(const Table& table, void* object, std::span<const Attribute* const> attributes,
                       const Body& body, Span at, const SourcePtr& source, const DecodeOptions& options,
                       Diagnostics& diagnostics);

}  // namespace weir::lang::detail

namespace weir::lang {

template <class T>
std::optional<T> decode(const Body& body, Span at, const SourcePtr& source, const DecodeOptions& options,
                        Diagnostics& diagnostics) {
  T object{};
  const detail::Table& table = detail::table<T>();
  // Dialects have defaults of their own in places.
  if (table.use_dialect) table.use_dialect(&object, options.eval.dialect);
  if (!detail::decode_body(table, &object, body, at, source, options, diagnostics)) {
    return std::nullopt;
  }
  return object;
}

template <class T>
std::optional<T> decode_again(const T& before, std::span<const Attribute* const> attributes, const Body& body,
                              Span at, const SourcePtr& source, const DecodeOptions& options,
                              Diagnostics& diagnostics) {
  std::optional<T> object = before;
  if (!detail::decode_body_again(detail::table<T>(), &*object, attributes, body, at, source, options,
                                 diagnostics)) {
    object.reset();
  }
  return object;
}

}  // namespace weir::lang
