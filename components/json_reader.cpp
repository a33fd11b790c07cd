#include "components/json_reader.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepth = 64;

}  // namespace

Result<json::value> parse_json(std::string_view text, std::string_view what) {
  json::parse_options options;
  options.max_depth = kDepth;
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error) return fail("{} is not JSON: {}", what, error.message());
  return value;
}

std::size_t json_bytes(std::string_view text) {
  constexpr std::size_t kValue = 2 * sizeof(json::key_value_pair) + 32;  // as a container grows; a key's text
  std::size_t values = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    values += c == ',' || c == '[' || c == '{' ? 1 : 0;
    if (c != '"') continue;
    // To the quote that ends the string.
    for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
  }
  return text.size() + values * kValue;
}

const json::object& as_object(const json::value& value) {
  static const json::object kNone;
  return value.is_object() ? value.get_object() : kNone;
}

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object kNone;
  auto* value = object.if_contains(key);
  return value ? as_object(*value) : kNone;
}

const json::array& array_at(const json::object& object, std::string_view key) {
  static const json::array kNone;
  auto* value = object.if_contains(key);
  return value && value->is_array() ? value->get_array() : kNone;
}

std::string_view text_at(const json::object& object, std::string_view key) {
  auto* value = object.if_contains(key);
  if (!value || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::string string_at(const json::object& object, std::string_view key) {
  return std::string(text_at(object, key));
}

std::int64_t number_at(const json::object& object, std::string_view key) {
  auto* value = object.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : 0;
}

bool bool_at(const json::object& object, std::string_view key) {
  auto* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

}  // namespace weir
