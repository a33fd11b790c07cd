#include "tests/conformance/typed_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang::conformance {
namespace {

namespace json = boost::json;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64_encode(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? kAlphabet[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

class OpaqueCapsule final : public Capsule {
 public:
  explicit OpaqueCapsule(std::string name) : name_(std::move(name)) {}
  std::string_view type_name() const override { return name_; }
  bool equals(const Capsule& other) const override { return other.type_name() == name_; }

 private:
  std::string name_;
};

json::object tagged(std::string_view tag, json::value value) {
  json::object object;
  object["t"] = json::string(tag);
  object["v"] = std::move(value);
  return object;
}

json::object tagged(std::string_view tag, std::string_view value) {
  return tagged(tag, json::value(json::string(value)));
}

json::value text_json(std::string_view text) {
  if (is_utf8(text)) return json::string(text);
  return json::object{{"b64", base64_encode(text)}};
}

json::object text_of(std::string_view tag, std::string_view text) {
  return tagged(tag, text_json(text));
}

json::object float_json(double value) {
  if (std::isnan(value)) return tagged("float", std::string_view("NaN"));
  if (std::isinf(value)) return tagged("float", std::string_view(value > 0 ? "+Inf" : "-Inf"));
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return tagged("float", std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
}

json::value any_json(const Value& value) {
  switch (value.type()) {
    case Type::null: return json::object{{"t", "null"}};
    case Type::boolean: return tagged("bool", json::value(*value.as_bool()));
    case Type::string: return text_of("string", *value.as_string());
    case Type::function: return json::object{{"t", "function"}};
    case Type::number: {
      if (auto* f = value.as_float()) return float_json(*f);
      auto* u = value.as_uint();
      return tagged(u && *u > static_cast<std::uint64_t>(INT64_MAX) ? "uint" : "int",
                    std::string_view(number_text(value)));
    }
    case Type::array: {
      json::array elements;
      auto list = value.as_list();
      for (std::size_t i = 0; i < list->size(); ++i) elements.push_back(any_json(list->at(i)));
      return tagged("array", json::value(std::move(elements)));
    }
    case Type::object: {
      json::object fields;
      value.as_map()->visit([&](std::string_view key, const Value& field) {
        fields[is_utf8(key) ? std::string(key) : "b64:" + base64_encode(key)] = any_json(field);
      });
      return tagged("object", json::value(std::move(fields)));
    }
    case Type::capsule: break;
  }
  if (auto* secret = value.as_secret()) return text_of("secret", secret->text);
  if (auto* optional = value.as_optional_secret()) {
    json::object object = text_of("optsecret", optional->text);
    object["s"] = optional->is_secret;
    return object;
  }
  return tagged("capsule", value.as_capsule() ? value.as_capsule()->type_name() : "");
}

template <class T>
Converted<json::value> converted(const Value& value) {
  auto result = Codec<T>::from_value(value);
  if (!result) return std::unexpected(result.error());
  return any_json(Codec<T>::to_value(*result));
}

template <class Wide, class Narrow>
Converted<json::value> integer(const Value& value, std::string_view tag) {
  auto result = Codec<Wide>::from_value(value);
  if (!result) return std::unexpected(result.error());
  return tagged(tag, std::string_view(std::to_string(static_cast<Narrow>(*result))));
}

std::string text_from(const json::value& text) {
  if (text.is_string()) return std::string(text.as_string());
  return base64_decode(text.at("b64").as_string());
}

}  // namespace

Value value_of(const json::value& typed) {
  std::string_view tag = typed.at("t").as_string();
  if (tag == "null") return {};
  if (tag == "function") return {};
  const json::value& v = typed.at("v");
  if (tag == "int") return *parse_int(text_from(v));
  if (tag == "uint") return *parse_uint(text_from(v));
  if (tag == "float") {
    std::string text = text_from(v);
    if (text == "NaN") return std::nan("");
    if (text.ends_with("Inf")) return text[0] == '-' ? -INFINITY : INFINITY;
    return *parse_float(text);
  }
  if (tag == "bool") return v.as_bool();
  if (tag == "string") return text_from(v);
  if (tag == "duration") return DurationText{text_from(v)};
  if (tag == "secret") return Secret{text_from(v)};
  if (tag == "optsecret") return OptionalSecret{text_from(v), typed.at("s").as_bool()};
  if (tag == "capsule")
    return Value(std::shared_ptr<const Capsule>(std::make_shared<OpaqueCapsule>(text_from(v))));
  if (tag == "array") {
    std::vector<Value> elements;
    for (const json::value& element : v.as_array()) elements.push_back(value_of(element));
    return Value::array(std::move(elements));
  }
  Value::Fields fields;
  for (const auto& field : v.as_object()) {
    std::string key(field.key());
    if (key.starts_with("b64:")) key = base64_decode(std::string_view(key).substr(4));
    fields.emplace_back(std::move(key), value_of(field.value()));
  }
  return Value::object(std::move(fields));
}

Converted<json::value> typed_json(const Value& value, std::string_view as) {
  if (as == "any") return any_json(value);
  if (as == "string") return converted<std::string>(value);
  if (as == "int") return integer<std::int64_t, std::int64_t>(value, "int");
  if (as == "int8") return integer<std::int64_t, std::int8_t>(value, "int");
  if (as == "uint") return integer<std::uint64_t, std::uint64_t>(value, "uint");
  if (as == "uint8") return integer<std::uint64_t, std::uint8_t>(value, "uint");
  if (as == "float") return converted<double>(value);
  if (as == "bool") return converted<bool>(value);
  if (as == "secret") return converted<Secret>(value);
  if (as == "optsecret") return converted<OptionalSecret>(value);
  if (as == "strings") return converted<std::vector<std::string>>(value);
  if (as == "ints") return converted<std::vector<std::int64_t>>(value);
  if (as == "map") return converted<std::map<std::string, std::string>>(value);
  if (as == "map_any") return converted<std::map<std::string, Value>>(value);
  if (as == "targets") return converted<std::vector<std::map<std::string, std::string>>>(value);
  if (as == "list_any") return converted<std::vector<Value>>(value);
  if (as == "duration") {
    auto duration = Codec<Duration>::from_value(value);
    if (!duration) return std::unexpected(duration.error());
    return tagged("duration", std::string_view(format_duration(*duration)));
  }
  return std::unexpected(Mismatch{"", "unknown type"});
}

std::string base64_decode(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

}  // namespace weir::lang::conformance
