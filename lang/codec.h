// Codec<T>: how a C++ type and a Value turn into each other. The language's own
// types are here; a room above specialises it for what it brings (target lists,
// receivers).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

// Specialised in this header: bool, the integers, double, std::string, Duration, Secret, OptionalSecret,
// Value (any), and the templates std::vector<T>, std::map<std::string, T> and std::optional<T> (null is
// nullopt).

template <class T>
struct ScalarCodec {
  static std::string type();
  static Converted<T> from_value(const Value& value);
  static Value to_value(const T& value);
};

// clang-format off
template <> struct Codec<bool> : ScalarCodec<bool> {};
template <> struct Codec<std::int32_t> : ScalarCodec<std::int32_t> {};
template <> struct Codec<std::int64_t> : ScalarCodec<std::int64_t> {};
template <> struct Codec<std::uint32_t> : ScalarCodec<std::uint32_t> {};
template <> struct Codec<std::uint64_t> : ScalarCodec<std::uint64_t> {};
template <> struct Codec<double> : ScalarCodec<double> {};
template <> struct Codec<std::string> : ScalarCodec<std::string> {};
template <> struct Codec<Duration> : ScalarCodec<Duration> {};
template <> struct Codec<Secret> : ScalarCodec<Secret> {};
template <> struct Codec<OptionalSecret> : ScalarCodec<OptionalSecret> {};
template <> struct Codec<Value> : ScalarCodec<Value> {};
// clang-format on

namespace detail {
// Calls `add` for each element or field until it says why one does not fit. Null has none.
std::optional<Mismatch> each_element(const Value& value,
                                     const std::function<std::optional<Mismatch>(const Value&)>& add);
std::optional<Mismatch> each_field(
    const Value& value, const std::function<std::optional<Mismatch>(std::string_view, const Value&)>& add);
}  // namespace detail

template <class T>
struct Codec<std::vector<T>> {
  static std::string type() { return "list(" + Codec<T>::type() + ")"; }
  static Converted<std::vector<T>> from_value(const Value& value) {
    std::vector<T> list;
    auto wrong = detail::each_element(value, [&](const Value& element) -> std::optional<Mismatch> {
      auto converted = Codec<T>::from_value(element);
      if (!converted) return std::move(converted).error();
      list.push_back(*std::move(converted));
      return std::nullopt;
    });
    if (wrong) return std::unexpected(*std::move(wrong));
    return list;
  }
  static Value to_value(const std::vector<T>& list) {
    std::vector<Value> elements;
    elements.reserve(list.size());
    for (const auto& element : list) elements.push_back(Codec<T>::to_value(element));
    return Value::array(std::move(elements));
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static std::string type() { return "map(" + Codec<T>::type() + ")"; }
  static Converted<std::map<std::string, T>> from_value(const Value& value) {
    std::map<std::string, T> map;
    auto wrong =
        detail::each_field(value, [&](std::string_view key, const Value& field) -> std::optional<Mismatch> {
          auto converted = Codec<T>::from_value(field);
          if (!converted) return std::move(converted).error();
          map.insert_or_assign(std::string(key), *std::move(converted));
          return std::nullopt;
        });
    if (wrong) return std::unexpected(*std::move(wrong));
    return map;
  }
  static Value to_value(const std::map<std::string, T>& map) {
    Value::Fields fields;
    for (const auto& [key, field] : map) fields.emplace_back(key, Codec<T>::to_value(field));
    return Value::object(std::move(fields));
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static std::string type() { return Codec<T>::type(); }
  static Converted<std::optional<T>> from_value(const Value& value) {
    if (value.is_null()) return std::optional<T>();
    auto converted = Codec<T>::from_value(value);
    if (!converted) return std::unexpected(std::move(converted).error());
    return std::optional<T>(*std::move(converted));
  }
  static Value to_value(const std::optional<T>& value) {
    return value ? Codec<T>::to_value(*value) : Value();
  }
};

}  // namespace weir::lang
