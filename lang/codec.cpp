#include "lang/codec.h"

#include <limits>

#include <fmt/core.h>

#include "lang/bytes.h"
#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

std::unexpected<Mismatch> mismatch_because(std::string_view expected, std::string_view why) {
  return std::unexpected(Mismatch{"", fmt::format("should be {}: {}", expected, why)});
}

// Numbers may come as text: whole signed ones, whole unsigned ones, or with a point or an exponent.
std::optional<Value> number_of(const Value& value) {
  if (value.is_null()) return Value(0);
  if (value.type() == Type::number) return value;
  const std::string* text = value.as_string();
  if (!text || text->empty()) return std::nullopt;
  if (text->starts_with('-')) {
    if (auto n = parse_int(*text)) return Value(*n);
  } else if (text->find_first_of(".eE") != std::string::npos) {
    if (auto n = parse_float(*text)) return Value(*n);
  } else if (auto n = parse_uint(*text)) {
    return Value(*n);
  }
  return std::nullopt;
}

std::unexpected<Mismatch> not_a_number(const Value& value) {
  if (!value.as_string()) return mismatch("number", value);
  return std::unexpected(Mismatch{"", "should be number, got a string that is no number"});
}

template <class Integer>
Converted<Integer> integer_of(const Value& value) {
  auto number = number_of(value);
  if (!number) return not_a_number(value);
  // Narrowing wraps, as configs written for the peer may rely on; limits of the field catch mistakes.
  if constexpr (std::numeric_limits<Integer>::is_signed) {
    return static_cast<Integer>(number_as_int(*number));
  } else {
    return static_cast<Integer>(number_as_uint(*number));
  }
}

}  // namespace

std::unexpected<Mismatch> mismatch(std::string_view expected, const Value& got) {
  std::string what(to_string(got.type()));
  if (auto capsule = got.as_capsule()) what = fmt::format("capsule({})", capsule->type_name());
  if (got.as_secret() || got.as_optional_secret()) what = "secret";
  return std::unexpected(Mismatch{"", fmt::format("should be {}, got {}", expected, what)});
}

template <>
std::string ScalarCodec<bool>::type() {
  return "bool";
}
template <>
Converted<bool> ScalarCodec<bool>::from_value(const Value& value) {
  if (value.is_null()) return false;
  if (auto* b = value.as_bool()) return *b;
  auto wrong = mismatch("bool", value);
  if (value.type() == Type::string) wrong.error().message += ": write true or false, without quotes";
  if (value.type() == Type::number) wrong.error().message += ": write true or false";
  return wrong;
}
template <>
Value ScalarCodec<bool>::to_value(const bool& value) {
  return value;
}

template <>
std::string ScalarCodec<std::int32_t>::type() {
  return "number";
}
template <>
Converted<std::int32_t> ScalarCodec<std::int32_t>::from_value(const Value& value) {
  return integer_of<std::int32_t>(value);
}
template <>
Value ScalarCodec<std::int32_t>::to_value(const std::int32_t& value) {
  return value;
}

template <>
std::string ScalarCodec<std::int64_t>::type() {
  return "number";
}
template <>
Converted<std::int64_t> ScalarCodec<std::int64_t>::from_value(const Value& value) {
  return integer_of<std::int64_t>(value);
}
template <>
Value ScalarCodec<std::int64_t>::to_value(const std::int64_t& value) {
  return value;
}

template <>
std::string ScalarCodec<std::uint32_t>::type() {
  return "number";
}
template <>
Converted<std::uint32_t> ScalarCodec<std::uint32_t>::from_value(const Value& value) {
  return integer_of<std::uint32_t>(value);
}
template <>
Value ScalarCodec<std::uint32_t>::to_value(const std::uint32_t& value) {
  return std::int64_t{value};
}

template <>
std::string ScalarCodec<std::uint64_t>::type() {
  return "number";
}
template <>
Converted<std::uint64_t> ScalarCodec<std::uint64_t>::from_value(const Value& value) {
  return integer_of<std::uint64_t>(value);
}
template <>
Value ScalarCodec<std::uint64_t>::to_value(const std::uint64_t& value) {
  return value;
}

template <>
std::string ScalarCodec<double>::type() {
  return "number";
}
template <>
Converted<double> ScalarCodec<double>::from_value(const Value& value) {
  auto number = number_of(value);
  if (!number) return not_a_number(value);
  return number_as_float(*number);
}
template <>
Value ScalarCodec<double>::to_value(const double& value) {
  return value;
}

template <>
std::string ScalarCodec<std::string>::type() {
  return "string";
}
template <>
Converted<std::string> ScalarCodec<std::string>::from_value(const Value& value) {
  if (value.is_null()) return "";
  if (auto* text = value.as_string()) return *text;
  if (value.type() == Type::number) return number_text(value);
  if (auto bytes = std::dynamic_pointer_cast<const Bytes>(value.as_list())) return bytes->text();
  if (auto* optional = value.as_optional_secret(); optional && !optional->is_secret) return optional->text;
  if (value.as_secret() || value.as_optional_secret()) {
    return mismatch_because("string", "a secret may not become plain text");
  }
  return mismatch("string", value);
}
template <>
Value ScalarCodec<std::string>::to_value(const std::string& value) {
  return value;
}

template <>
std::string ScalarCodec<Duration>::type() {
  return "duration";
}
template <>
Converted<Duration> ScalarCodec<Duration>::from_value(const Value& value) {
  if (value.is_null()) return Duration{0};
  std::string text;
  if (value.type() == Type::number) {
    text = number_text(value);
  } else if (auto* string = value.as_string()) {
    text = *string;
  } else {
    return mismatch("duration", value);
  }
  auto duration = parse_duration(text);
  if (duration) return *duration;
  if (value.type() == Type::number) {
    return mismatch_because("duration",
                            fmt::format("write the number with its unit in quotes, such as \"{}s\"", text));
  }
  // The reader sees the text itself in front of the message.
  std::string why = duration.error().message;
  if (why.starts_with('"' + text + "\" ")) why.erase(0, text.size() + 3);
  return std::unexpected(Mismatch{"", why});
}
template <>
Value ScalarCodec<Duration>::to_value(const Duration& value) {
  return DurationText{format_duration(value)};
}

template <>
std::string ScalarCodec<Secret>::type() {
  return "secret";
}
template <>
Converted<Secret> ScalarCodec<Secret>::from_value(const Value& value) {
  if (value.is_null()) return Secret{};
  if (value.as_duration()) return mismatch("secret", value);
  if (auto* text = value.as_string()) return Secret{*text};
  if (auto* secret = value.as_secret()) return *secret;
  if (auto* optional = value.as_optional_secret()) return Secret{optional->text};
  if (auto bytes = std::dynamic_pointer_cast<const Bytes>(value.as_list())) return Secret{bytes->text()};
  return mismatch("secret", value);
}
template <>
Value ScalarCodec<Secret>::to_value(const Secret& value) {
  return value;
}

template <>
std::string ScalarCodec<OptionalSecret>::type() {
  return "optional secret";
}
template <>
Converted<OptionalSecret> ScalarCodec<OptionalSecret>::from_value(const Value& value) {
  if (value.is_null()) return OptionalSecret{};
  if (value.as_duration()) return mismatch("secret", value);
  if (auto* text = value.as_string()) return OptionalSecret{*text, false};
  if (auto* secret = value.as_secret()) return OptionalSecret{secret->text, true};
  if (auto* optional = value.as_optional_secret()) return *optional;
  return mismatch("secret", value);
}
template <>
Value ScalarCodec<OptionalSecret>::to_value(const OptionalSecret& value) {
  return value;
}

template <>
std::string ScalarCodec<Value>::type() {
  return "any";
}
template <>
Converted<Value> ScalarCodec<Value>::from_value(const Value& value) {
  return value;
}
template <>
Value ScalarCodec<Value>::to_value(const Value& value) {
  return value;
}

namespace detail {

std::optional<Mismatch> each_element(const Value& value,
                                     const std::function<std::optional<Mismatch>(const Value&)>& add) {
  if (value.is_null()) return std::nullopt;
  auto list = value.as_list();
  if (!list) return mismatch("array", value).error();
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (auto wrong = add(list->at(i))) {
      wrong->path.insert(0, fmt::format("[{}]", i));
      return wrong;
    }
  }
  return std::nullopt;
}

std::optional<Mismatch> each_field(
    const Value& value, const std::function<std::optional<Mismatch>(std::string_view, const Value&)>& add) {
  if (value.is_null()) return std::nullopt;
  auto map = value.as_map();
  if (!map) return mismatch("object", value).error();
  std::optional<Mismatch> first;
  map->visit([&](std::string_view key, const Value& field) {
    if (first) return;
    first = add(key, field);
    if (!first) return;
    first->path.insert(0, is_identifier(key) ? fmt::format(".{}", key) : fmt::format("[{}]", quote(key)));
  });
  return first;
}

}  // namespace detail
}  // namespace weir::lang
