#include "lang/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

constexpr int kDeepest = 1000;

class JsonReader {
 public:
  JsonReader(std::string_view text, JsonNumbers numbers) : text_(text), numbers_(numbers) {}

  Result<Value> read() {
    Value value = read_value();
    skip_blanks();
    if (error_.empty() && at_ < text_.size()) fail_here("unexpected text after the value");
    if (!error_.empty()) return fail("not JSON: {}", error_);
    return value;
  }

 private:
  void fail_here(std::string_view why) {
    if (!error_.empty()) return;
    error_ = fmt::format("{} at byte {}", at_ >= text_.size() ? "it ends too early" : why, at_ + 1);
    at_ = text_.size();
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Value read_value() {
    skip_blanks();
    if (peek() == '{') return read_object();
    if (peek() == '[') return read_array();
    if (peek() == '"') return read_string();
    if (peek() == '-' || (peek() >= '0' && peek() <= '9')) return read_number();
    if (take("true")) return true;
    if (take("false")) return false;
    if (!take("null")) fail_here("expected a value");
    return {};
  }

  bool go_deeper() {
    if (++depth_ <= kDeepest) return true;
    fail_here("nested too deep");
    return false;
  }

  Value read_array() {
    std::vector<Value> elements;
    if (!go_deeper()) return {};
    ++at_;
    skip_blanks();
    while (!take(']')) {
      if (!elements.empty() && !take(',')) {
        fail_here("expected , or ]");
        return {};
      }
      elements.push_back(read_value());
      skip_blanks();
      if (!error_.empty()) return {};
    }
    --depth_;
    return Value::array(std::move(elements));
  }

  Value read_object() {
    Value::Fields fields;
    if (!go_deeper()) return {};
    ++at_;
    skip_blanks();
    while (!take('}')) {
      if (!fields.empty() && !take(',')) {
        fail_here("expected , or }");
        return {};
      }
      skip_blanks();
      if (peek() != '"') fail_here("expected a key in double quotes");
      std::string key = read_string();
      skip_blanks();
      if (!take(':')) fail_here("expected :");
      Value value = read_value();
      skip_blanks();
      if (!error_.empty()) return {};
      fields.emplace_back(std::move(key), std::move(value));
    }
    --depth_;
    return Value::object(std::move(fields));
  }

  std::size_t skip_digits() {
    std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - begin;
  }

  Value read_number() {
    std::size_t begin = at_;
    bool is_integer = true;
    take('-');
    if (!take('0') && skip_digits() == 0) fail_here("expected a digit");
    if (take('.')) {
      is_integer = false;
      if (skip_digits() == 0) fail_here("expected a digit");
    }
    if (take('e') || take('E')) {
      is_integer = false;
      if (!take('+')) take('-');
      if (skip_digits() == 0) fail_here("expected a digit");
    }
    if (!error_.empty()) return {};
    std::string_view number = text_.substr(begin, at_ - begin);
    if (is_integer && numbers_ == JsonNumbers::integers_where_possible) {
      if (auto value = parse_int(number)) return *value;
    }
    auto value = parse_float(number);
    if (!value) fail_here("a number is too large");
    return value.value_or(0);
  }

  std::string read_string() {
    std::string out;
    if (!take('"')) return out;
    while (error_.empty() && !take('"')) {
      if (at_ >= text_.size() || static_cast<unsigned char>(text_[at_]) < ' ') {
        fail_here("a string may not hold control characters");
      } else if (take('\\')) {
        read_escape(out);
      } else {
        Rune rune = decode_rune(text_, at_);
        append_utf8(out, rune.code);  // malformed bytes become U+FFFD
        at_ += rune.size;
      }
    }
    return out;
  }

  void read_escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (take('u')) {
      append_utf8(out, read_unit_pair());
      return;
    }
    std::size_t index = at_ < text_.size() ? kLetters.find(text_[at_]) : std::string_view::npos;
    if (index == std::string_view::npos) return fail_here("unknown escape sequence");
    out += kValues[index];
    ++at_;
  }

  std::optional<char32_t> read_unit() {
    char32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char c = peek();
      bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!letter && !(c >= '0' && c <= '9')) {
        fail_here("expected four hexadecimal digits");
        return std::nullopt;
      }
      unit = unit * 16 + static_cast<char32_t>(letter ? (c | 0x20) - 'a' + 10 : c - '0');
    }
    return unit;
  }

  // A surrogate without its other half becomes U+FFFD.
  char32_t read_unit_pair() {
    auto first = read_unit();
    if (!first || *first < 0xD800 || *first > 0xDFFF) return first.value_or(kReplacement);
    std::size_t behind = at_;
    if (*first < 0xDC00 && take("\\u")) {
      auto second = read_unit();
      if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
        return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
      }
      if (error_.empty()) at_ = behind;
    }
    return kReplacement;
  }

  std::string_view text_;
  JsonNumbers numbers_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string error_;
};

void append_escaped(std::string& out, char32_t code) {
  std::array<char, 8> buffer;
  std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(code));
  out += buffer.data();
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kShort = "\"\\\n\r\t\b\f";
  constexpr std::string_view kLetters = "\"\\nrtbf";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    std::size_t index = rune.code < 0x80 ? kShort.find(static_cast<char>(rune.code)) : std::string_view::npos;
    bool unsafe = rune.code < ' ' || rune.code == '<' || rune.code == '>' || rune.code == '&' ||
                  rune.code == 0x2028 || rune.code == 0x2029;
    if (index != std::string_view::npos) {
      (out += '\\') += kLetters[index];
    } else if (unsafe || !rune.valid) {
      append_escaped(out, rune.code);
    } else {
      out += text.substr(at, rune.size);
    }
    at += rune.size;
  }
  out += '"';
}

class JsonWriter {
 public:
  // False: there is no JSON for something inside.
  Result<> write(const Value& value) {
    // What is shared is written as often as it is met.
    if (out_.size() > kLongestText) return fail("the text would be longer than {} bytes", kLongestText);
    switch (value.type()) {
      case Type::null: out_ += "null"; return {};
      case Type::boolean: out_ += *value.as_bool() ? "true" : "false"; return {};
      case Type::string: append_json_string(out_, *value.as_string()); return {};
      case Type::number: return write_number(value);
      case Type::array: return write_array(*value.as_list());
      case Type::object: return write_object(*value.as_map());
      case Type::function:
      case Type::capsule: break;
    }
    return fail("there is no JSON for a value of type {}", to_string(value.type()));
  }

  std::string take() { return std::move(out_); }

 private:
  Result<> write_number(const Value& value) {
    auto* f = value.as_float();
    if (!f) {
      out_ += number_text(value);
      return {};
    }
    if (!std::isfinite(*f)) return fail("there is no JSON for {}", format_plain(*f));
    double size = std::abs(*f);
    if (size == 0 || (size >= 1e-6 && size < 1e21)) {
      out_ += format_plain(*f);
      return {};
    }
    std::string text = fmt::format("{:e}", *f);
    // The shortest digits, and an exponent without leading zeros.
    for (int precision = 0; precision <= 17; ++precision) {
      text = fmt::format("{:.{}e}", *f, precision);
      if (parse_float(text) == *f) break;
    }
    std::size_t exponent = text.find('e') + 2;
    if (text[exponent - 1] == '-' && text[exponent] == '0') text.erase(exponent, 1);
    out_ += text;
    return {};
  }

  Result<> write_array(const List& list) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ',';
      if (auto written = write(list.at(i)); !written) return written;
    }
    out_ += ']';
    return {};
  }

  Result<> write_object(const Map& map) {
    Value::Fields fields;
    map.visit([&](std::string_view key, const Value& value) { fields.emplace_back(key, value); });
    Value sorted = Value::object(std::move(fields));
    Result<> result;
    bool first = true;
    out_ += '{';
    sorted.as_map()->visit([&](std::string_view key, const Value& value) {
      if (!result) return;
      if (!first) out_ += ',';
      first = false;
      append_json_string(out_, key);
      out_ += ':';
      result = write(value);
    });
    out_ += '}';
    return result;
  }

  std::string out_;
};

}  // namespace

Result<Value> parse_json(std::string_view text, JsonNumbers numbers) {
  return JsonReader(text, numbers).read();
}

Result<std::string> write_json(const Value& value) {
  JsonWriter writer;
  if (auto written = writer.write(value); !written) return std::unexpected(written.error());
  return writer.take();
}

}  // namespace weir::lang
