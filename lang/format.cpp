#include "lang/format.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "lang/format_number.h"
#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

constexpr std::size_t kLongest = 16u << 20;  // of the result: a width may ask for a million blanks

std::string_view go_type(const Value& value) {
  switch (value.type()) {
    case Type::boolean: return "bool";
    case Type::string: return "string";
    case Type::array: return "[]interface {}";
    case Type::object: return "map[string]interface {}";
    case Type::number: return value.as_float() ? "float64" : value.as_uint() ? "uint64" : "int";
    default: return to_string(value.type());
  }
}

class Formatter {
 public:
  Formatter(std::string_view format, const std::vector<Value>& arguments)
      : format_(format), arguments_(arguments) {}

  Result<std::string> run() {
    while (at_ < format_.size()) {
      std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ < format_.size()) directive();
      if (out_.size() > kLongest) return fail("the text is longer than {} bytes", kLongest);
    }
    if (!reordered_ && next_ < arguments_.size()) report_extra();
    return std::move(out_);
  }

 private:
  // %[flags][width][.precision][index]verb
  void directive() {
    ++at_;
    spec_ = {};
    index_is_good_ = true;
    read_flags();
    bool after_index = read_index();
    after_index = read_width(after_index);
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      if (after_index) index_is_good_ = false;
      after_index = read_precision();
    }
    if (!after_index) read_index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    Rune verb = decode_rune(format_, at_);
    at_ += verb.size;
    print_verb(verb.code);
  }

  void read_flags() {
    for (; at_ < format_.size(); ++at_) {
      switch (format_[at_]) {
        case '#': spec_.sharp = true; break;
        case '0': spec_.zero = true; break;
        case '+': spec_.plus = true; break;
        case '-': spec_.minus = true; break;
        case ' ': spec_.space = true; break;
        default: return;
      }
    }
  }

  std::optional<int> read_number(std::size_t end) {
    constexpr int kLargest = 1'000'000;
    int number = 0;
    std::size_t begin = at_;
    for (; at_ < end && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      number = number * 10 + (format_[at_] - '0');
      if (number > kLargest) {
        at_ = end;
        return std::nullopt;
      }
    }
    return at_ == begin ? std::nullopt : std::optional(number);
  }

  // "[3]": the next argument is the third. True when there was one.
  bool read_index() {
    if (at_ >= format_.size() || format_[at_] != '[') return false;
    reordered_ = true;
    std::size_t close = format_.find(']', at_ + 1);
    if (format_.size() - at_ < 3 || close == std::string_view::npos) {
      index_is_good_ = false;
      ++at_;
      return false;
    }
    ++at_;
    auto number = read_number(close);
    bool well_formed = number && at_ == close;
    at_ = close + 1;
    if (well_formed && *number >= 1 && static_cast<std::size_t>(*number) <= arguments_.size()) {
      next_ = static_cast<std::size_t>(*number) - 1;
      return true;
    }
    index_is_good_ = false;
    return well_formed;
  }

  std::optional<int> integer_argument() {
    constexpr std::int64_t kLargest = 1'000'000;
    if (next_ >= arguments_.size()) return std::nullopt;
    const Value& value = arguments_[next_++];
    if (value.type() != Type::number || value.as_float()) return std::nullopt;
    std::int64_t number = number_as_int(value);
    if (value.as_uint() && number < 0) return std::nullopt;
    if (number > kLargest || number < -kLargest) return std::nullopt;
    return static_cast<int>(number);
  }

  bool read_width(bool after_index) {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      spec_.width = integer_argument();
      if (!spec_.width) out_ += "%!(BADWIDTH)";
      if (spec_.width && *spec_.width < 0) {
        spec_.width = -*spec_.width;
        spec_.minus = true;
        spec_.zero = false;
      }
      return false;
    }
    spec_.width = read_number(format_.size());
    if (after_index && spec_.width) index_is_good_ = false;
    return after_index;
  }

  bool read_precision() {
    bool after_index = read_index();
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      spec_.precision = integer_argument();
      if (spec_.precision && *spec_.precision < 0) spec_.precision = std::nullopt;
      if (!spec_.precision) out_ += "%!(BADPREC)";
      return false;
    }
    spec_.precision = read_number(format_.size()).value_or(0);
    return after_index;
  }

  void print_verb(char32_t verb) {
    if (verb == '%') {
      out_ += '%';
    } else if (!index_is_good_) {
      print_mistake(verb, "(BADINDEX)");
    } else if (next_ >= arguments_.size()) {
      print_mistake(verb, "(MISSING)");
    } else {
      if (verb == 'v') {
        spec_.sharp_v = std::exchange(spec_.sharp, false);
        spec_.plus = false;
      }
      print(arguments_[next_++], verb);
    }
  }

  void print_mistake(char32_t verb, std::string_view what) {
    out_ += "%!";
    append_utf8(out_, verb);
    out_ += what;
  }

  // The verb does not suit the value.
  void print_bad(const Value& value, char32_t verb) {
    print_mistake(verb, "(");
    if (value.is_null()) {
      out_ += "<nil>";
    } else {
      out_ += go_type(value);
      out_ += '=';
      print(value, 'v');
    }
    out_ += ')';
  }

  void report_extra() {
    spec_ = {};
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size(); ++i) {
      if (i > next_) out_ += ", ";
      if (arguments_[i].is_null()) {
        out_ += "<nil>";
        continue;
      }
      out_ += go_type(arguments_[i]);
      out_ += '=';
      print(arguments_[i], 'v');
    }
    out_ += ')';
  }

  void print(const Value& value, char32_t verb) {
    if (verb == 'T') return spec_.pad_to(out_, value.is_null() ? "<nil>" : go_type(value));
    switch (value.type()) {
      case Type::null: return verb == 'v' ? spec_.pad_to(out_, "<nil>") : print_bad(value, verb);
      case Type::boolean: return print_bool(value, verb);
      case Type::number: return print_number(value, verb);
      case Type::string: return print_string(value, *value.as_string(), verb);
      case Type::array: return print_list(*value.as_list(), verb);
      case Type::object: return print_map(*value.as_map(), verb);
      case Type::function: return spec_.pad_to(out_, describe(value));
      case Type::capsule: return print_capsule(value, verb);
    }
  }

  void print_bool(const Value& value, char32_t verb) {
    if (verb != 't' && verb != 'v') return print_bad(value, verb);
    spec_.pad_to(out_, *value.as_bool() ? "true" : "false");
  }

  void print_number(const Value& value, char32_t verb) {
    bool printed = value.as_float() ? print_float(out_, *value.as_float(), spec_, verb)
                                    : print_integer(out_, value, spec_, verb);
    if (!printed) print_bad(value, verb);
  }

  // Never the plain text of a secret: what is formatted may be logged or shown.
  void print_capsule(const Value& value, char32_t verb) {
    auto* optional = value.as_optional_secret();
    if (optional && !optional->is_secret) return print_string(value, optional->text, verb);
    spec_.pad_to(out_, describe(value));
  }

  void print_string(const Value& value, std::string_view text, char32_t verb) {
    if (verb == 'x' || verb == 'X') return print_hex(text, verb == 'X');
    if (spec_.precision) text = first_runes(text, static_cast<std::size_t>(*spec_.precision));
    if (verb == 'q' || (verb == 'v' && spec_.sharp_v)) {
      bool raw = spec_.sharp && can_be_raw(text);
      return spec_.pad_to(out_, raw ? "`" + std::string(text) + "`" : quote_with(text, spec_.plus));
    }
    if (verb != 's' && verb != 'v') return print_bad(value, verb);
    spec_.pad_to(out_, text);
  }

  static std::string_view first_runes(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    for (; at < text.size() && count > 0; --count) at += decode_rune(text, at).size;
    return text.substr(0, at);
  }

  static bool can_be_raw(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      Rune rune = decode_rune(text, at);
      bool control = (rune.code < ' ' && rune.code != '\t') || rune.code == 0x7F;
      if (!rune.valid || control || rune.code == '`' || rune.code == 0xFEFF) return false;
      at += rune.size;
    }
    return true;
  }

  void print_hex(std::string_view bytes, bool upper) {
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string_view prefix = upper ? "0X" : "0x";
    if (spec_.precision) bytes = bytes.substr(0, static_cast<std::size_t>(*spec_.precision));
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (spec_.space && i > 0) text += ' ';
      if (spec_.sharp && (spec_.space || i == 0)) text += prefix;
      auto byte = static_cast<unsigned char>(bytes[i]);
      (text += digits[byte >> 4]) += digits[byte & 15];
    }
    spec_.pad_to(out_, text);
  }

  void print_list(const List& list, char32_t verb) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size() && out_.size() <= kLongest; ++i) {
      if (i > 0) out_ += ' ';
      print_inside(list.at(i), verb);
    }
    out_ += ']';
  }

  void print_map(const Map& map, char32_t verb) {
    Value::Fields fields;
    map.visit([&](std::string_view key, const Value& value) { fields.emplace_back(key, value); });
    Value sorted = Value::object(std::move(fields));
    out_ += "map[";
    bool first = true;
    sorted.as_map()->visit([&](std::string_view key, const Value& value) {
      if (out_.size() > kLongest) return;
      if (!first) out_ += ' ';
      first = false;
      print(Value(key), verb);
      out_ += ':';
      print_inside(value, verb);
    });
    out_ += ']';
  }

  void print_inside(const Value& value, char32_t verb) {
    if (value.is_null()) {
      out_ += "<nil>";
    } else {
      print(value, verb);
    }
  }

  std::string_view format_;
  const std::vector<Value>& arguments_;
  FormatSpec spec_;
  std::string out_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;  // the argument
  bool reordered_ = false;
  bool index_is_good_ = true;
};

}  // namespace

Result<std::string> format_text(std::string_view format, const std::vector<Value>& arguments) {
  return Formatter(format, arguments).run();
}

}  // namespace weir::lang
