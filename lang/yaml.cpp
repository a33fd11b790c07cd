#include "lang/yaml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "lang/number.h"

namespace weir::lang {
namespace {

// Of texts that aliases repeat.
constexpr std::size_t kMostRepeated = 64u << 20;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<Value> parse_radix(std::string_view text) {
  int base = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : text.starts_with("0b") ? 2 : 0;
  if (base == 0) return std::nullopt;
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Value(value);
}

// What a scalar without quotes and tag means.
Value plain_scalar(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return {};
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return HUGE_VAL;
  if (is_one_of(text, {"-.inf", "-.Inf", "-.INF"})) return -HUGE_VAL;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::nan("");
  if (text.find_first_not_of("0123456789+-.eExXoabcdefABCDEF_") != std::string::npos) return text;
  if (auto value = parse_radix(text)) return *value;
  bool is_decimal = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (!is_decimal) return text;
  if (auto value = parse_int(text)) return *value;
  if (auto value = parse_uint(text)) return *value;
  if (auto value = parse_float(text)) return *value;
  return text;
}

class YamlReader {
 public:
  YamlReader(YamlLimits limits, std::size_t text_size)
      : limits_(limits), most_bytes_(text_size + kMostRepeated) {}

  Value convert(const YAML::Node& node) {
    count(node, 1);
    if (++depth_ > limits_.depth) throw YAML::Exception(node.Mark(), "nested too deep");
    Value value = convert_node(node);
    --depth_;
    return value;
  }

 private:
  // Aliases make several of one; what a map merges is in its value once more.
  void count(const YAML::Node& node, std::size_t values) {
    count_ += values;
    if (std::cmp_greater(count_, limits_.values)) throw YAML::Exception(node.Mark(), "too many values");
  }

  Value convert_node(const YAML::Node& node) {
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return {};
      case YAML::NodeType::Scalar: return scalar(node);
      case YAML::NodeType::Sequence: break;
      case YAML::NodeType::Map: return map(node);
    }
    std::vector<Value> elements;
    for (const auto& element : node) elements.push_back(convert(element));
    return Value::array(std::move(elements));
  }

  void count_text(const YAML::Node& node) {
    bytes_ += node.Scalar().size();
    if (bytes_ > most_bytes_) throw YAML::Exception(node.Mark(), "its aliases make too much text of it");
  }

  Value scalar(const YAML::Node& node) {
    count_text(node);
    bool is_plain = node.Tag() == "?" || node.Tag().empty();
    return is_plain ? plain_scalar(node.Scalar()) : Value(node.Scalar());
  }

  Value map(const YAML::Node& node) {
    Value::Fields merged, own;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) throw YAML::Exception(entry.first.Mark(), "a key must be a scalar");
      count_text(entry.first);
      Value value = convert(entry.second);
      if (entry.first.Scalar() == "<<" && value.as_map()) {
        count(entry.second, value.as_map()->size());
        value.as_map()->visit(
            [&](std::string_view key, const Value& field) { merged.emplace_back(key, field); });
      } else {
        own.emplace_back(entry.first.Scalar(), std::move(value));
      }
    }
    merged.insert(merged.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
    return Value::object(std::move(merged));
  }

  YamlLimits limits_;
  std::size_t most_bytes_;
  std::size_t count_ = 0, bytes_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Value> parse_yaml(std::string_view text, YamlLimits limits) {
  // The library reports by exception; none leaves this function.
  try {
    return YamlReader(limits, text.size()).convert(YAML::Load(std::string(text)));
  } catch (const std::exception& error) {
    return fail("not YAML: {}", error.what());
  }
}

}  // namespace weir::lang
