#include "lang/json_path.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "lang/json.h"
#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

struct Filter;

struct Wildcard {};
struct Descend {};  // the value itself and everything in it
struct Slice {
  std::optional<std::int64_t> begin, end;
  std::int64_t step = 1;
};
using Key = std::variant<std::string, std::int64_t>;
struct Keys {
  std::vector<Key> keys;
};
using Step = std::variant<Keys, Wildcard, Descend, Slice, std::shared_ptr<const Filter>>;
using Path = std::vector<Step>;

// One side of a comparison: a literal, or a path from the root ($) or from the element (@).
struct Term {
  enum class From { literal, root, element } from = From::literal;
  Value literal;
  Path path;
};

struct Filter {
  enum class Op { exists, equal, not_equal, less, less_equal, greater, greater_equal, both, either, none };
  Op op = Op::exists;
  Term left, right;
  std::shared_ptr<const Filter> a, b;
};
using FilterPtr = std::shared_ptr<const Filter>;

class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  Result<Path> read() {
    skip_blanks();
    if (!take('$')) take('@');
    Path path = read_steps();
    skip_blanks();
    if (error_.empty() && at_ < text_.size()) fail_here("unexpected character");
    if (!error_.empty()) return fail("{}", error_);
    return path;
  }

 private:
  void fail_here(std::string_view why) {
    if (!error_.empty()) return;
    error_ = fmt::format("not a JSON path: {} at byte {} of {}", why, at_ + 1, quote(text_));
    at_ = text_.size();
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool take(char c) { return take(std::string_view(&c, 1)); }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }

  static bool is_name_byte(char c) {
    auto byte = static_cast<unsigned char>(c);
    return c == '_' || c == '-' || byte >= 0x80 || (c >= '0' && c <= '9') || is_letter(byte);
  }

  Path read_steps() {
    Path path;
    // A path may begin with a bare name.
    if (at_ == 0 && is_name_byte(peek())) path.push_back(Keys{{read_name()}});
    while (error_.empty()) {
      if (take("..")) {
        path.push_back(Descend{});
        if (take('*')) path.push_back(Wildcard{});
        if (is_name_byte(peek())) path.push_back(Keys{{read_name()}});
      } else if (take('.')) {
        if (take('*')) {
          path.push_back(Wildcard{});
        } else if (is_name_byte(peek())) {
          path.push_back(Keys{{read_name()}});
        } else {
          fail_here("expected a name");
        }
      } else if (take('[')) {
        path.push_back(read_bracket());
      } else {
        break;
      }
    }
    return path;
  }

  std::string read_name() {
    std::size_t begin = at_;
    while (is_name_byte(peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Step read_bracket() {
    Step step = read_inside();
    skip_blanks();
    if (!take(']')) fail_here("expected ]");
    return step;
  }

  Step read_inside() {
    skip_blanks();
    if (take('*')) return Wildcard{};
    if (take('?')) {
      bool in_parens = take('(');
      FilterPtr filter = read_either();
      if (in_parens && !take(')')) fail_here("expected )");
      return filter;
    }
    if (peek() == ':') return read_slice(std::nullopt);
    Keys keys;
    do {
      skip_blanks();
      keys.keys.push_back(read_key());
      skip_blanks();
      auto* index = std::get_if<std::int64_t>(&keys.keys.back());
      if (index && keys.keys.size() == 1 && peek() == ':') return read_slice(*index);
    } while (take(','));
    return keys;
  }

  Key read_key() {
    if (peek() == '\'' || peek() == '"') return read_quoted();
    auto index = read_integer();
    if (!index) fail_here("expected a name in quotes or a number");
    return index.value_or(0);
  }

  std::optional<std::int64_t> read_integer() {
    std::size_t begin = at_;
    take('-');
    while (peek() >= '0' && peek() <= '9') ++at_;
    return parse_int(text_.substr(begin, at_ - begin));
  }

  Slice read_slice(std::optional<std::int64_t> begin) {
    Slice slice{.begin = begin};
    auto part = [&] {
      skip_blanks();
      auto number = read_integer();
      skip_blanks();
      return number;
    };
    if (take(':')) slice.end = part();
    if (take(':')) slice.step = part().value_or(1);
    return slice;
  }

  std::string read_quoted() {
    char end = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != end) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (!take(end)) fail_here("a quote is not closed");
    return out;
  }

  // ---- filters ----

  FilterPtr combine(Filter::Op op, FilterPtr a, FilterPtr b) {
    return std::make_shared<const Filter>(Filter{.op = op, .a = std::move(a), .b = std::move(b)});
  }

  FilterPtr read_either() {
    constexpr int kDeepest = 100;
    if (++depth_ > kDeepest) fail_here("nested too deep");
    FilterPtr left = read_both();
    for (skip_blanks(); take("||"); skip_blanks()) left = combine(Filter::Op::either, left, read_both());
    --depth_;
    return left;
  }

  FilterPtr read_both() {
    FilterPtr left = read_condition();
    for (skip_blanks(); take("&&"); skip_blanks()) left = combine(Filter::Op::both, left, read_condition());
    return left;
  }

  FilterPtr read_condition() {
    skip_blanks();
    if (!error_.empty()) return nullptr;
    if (peek() == '!' && !text_.substr(at_).starts_with("!=")) {
      ++at_;
      if (++depth_ > 100) fail_here("nested too deep");
      FilterPtr inner = read_condition();
      --depth_;
      return combine(Filter::Op::none, inner, nullptr);
    }
    if (take('(')) {
      FilterPtr inner = read_either();
      skip_blanks();
      if (!take(')')) fail_here("expected )");
      return inner;
    }
    Filter filter{.left = read_term()};
    skip_blanks();
    filter.op = read_operator();
    if (filter.op != Filter::Op::exists) {
      skip_blanks();
      filter.right = read_term();
    }
    return std::make_shared<const Filter>(std::move(filter));
  }

  Filter::Op read_operator() {
    using enum Filter::Op;
    if (take("==")) return equal;
    if (take("!=")) return not_equal;
    if (take("<=")) return less_equal;
    if (take(">=")) return greater_equal;
    if (take('<')) return less;
    if (take('>')) return greater;
    return exists;
  }

  Term read_term() {
    if (take('@')) return {.from = Term::From::element, .path = read_steps()};
    if (take('$')) return {.from = Term::From::root, .path = read_steps()};
    if (peek() == '\'' || peek() == '"') return {.literal = read_quoted()};
    if (take("true")) return {.literal = true};
    if (take("false")) return {.literal = false};
    if (take("null")) return {};
    std::size_t begin = at_;
    at_ = std::min(text_.find_first_not_of("0123456789+-.eE", at_), text_.size());
    std::string_view number = text_.substr(begin, at_ - begin);
    if (auto value = parse_int(number)) return {.literal = *value};
    if (auto value = parse_float(number)) return {.literal = *value};
    fail_here("expected @, $, a string or a number");
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string error_;
};

class Finder {
 public:
  explicit Finder(Value root) : root_(std::move(root)) {}

  std::vector<Value> find(const Path& path) { return follow({root_}, path); }
  bool too_many() const { return budget_ == 0; }

 private:
  std::vector<Value> follow(std::vector<Value> values, const Path& path) {
    for (const Step& step : path) {
      std::vector<Value> next;
      for (const Value& value : values) {
        std::visit([&](const auto& s) { take(value, s, next); }, step);
      }
      values = std::move(next);
    }
    return values;
  }

  // Descending twice multiplies; a crafted path must not fill the memory.
  void add(std::vector<Value>& out, Value value) {
    if (budget_ == 0) return;
    --budget_;
    out.push_back(std::move(value));
  }

  static void each_child(const Value& value, const std::function<void(const Value&)>& visit) {
    if (auto list = value.as_list()) {
      for (std::size_t i = 0; i < list->size(); ++i) visit(list->at(i));
    } else if (auto map = value.as_map()) {
      map->visit([&](std::string_view, const Value& child) { visit(child); });
    }
  }

  void take(const Value& value, const Keys& keys, std::vector<Value>& out) {
    for (const Key& key : keys.keys) {
      if (auto* name = std::get_if<std::string>(&key)) {
        auto map = value.as_map();
        auto found = map ? map->find(*name) : std::nullopt;
        if (found) add(out, *std::move(found));
        continue;
      }
      auto list = value.as_list();
      if (!list) continue;
      std::int64_t index = std::get<std::int64_t>(key);
      auto size = static_cast<std::int64_t>(list->size());
      if (index < 0) index += size;
      if (index >= 0 && index < size) add(out, list->at(static_cast<std::size_t>(index)));
    }
  }

  void take(const Value& value, Wildcard, std::vector<Value>& out) {
    each_child(value, [&](const Value& child) { add(out, child); });
  }

  void take(const Value& value, Descend, std::vector<Value>& out) {
    add(out, value);
    if (budget_ == 0) return;
    each_child(value, [&](const Value& child) { take(child, Descend{}, out); });
  }

  void take(const Value& value, const Slice& slice, std::vector<Value>& out) {
    auto list = value.as_list();
    if (!list || slice.step == 0) return;
    auto size = static_cast<std::int64_t>(list->size());
    bool forward = slice.step > 0;
    auto bound = [&](std::optional<std::int64_t> at, std::int64_t otherwise) {
      if (!at) return otherwise;
      return std::clamp(*at < 0 ? *at + size : *at, forward ? std::int64_t{0} : -1,
                        forward ? size : size - 1);
    };
    std::int64_t begin = bound(slice.begin, forward ? 0 : size - 1);
    std::int64_t end = bound(slice.end, forward ? size : -1);
    std::int64_t step = std::clamp(slice.step, -size - 1, size + 1);
    for (std::int64_t i = begin; forward ? i < end : i > end; i += step) {
      add(out, list->at(static_cast<std::size_t>(i)));
    }
  }

  void take(const Value& value, const FilterPtr& filter, std::vector<Value>& out) {
    each_child(value, [&](const Value& child) {
      if (matches(*filter, child)) add(out, child);
    });
  }

  std::optional<Value> resolve(const Term& term, const Value& element) {
    if (term.from == Term::From::literal) return term.literal;
    auto found = follow({term.from == Term::From::root ? root_ : element}, term.path);
    if (found.empty()) return std::nullopt;
    return found[0];
  }

  static bool is_less(const Value& a, const Value& b) {
    if (a.type() == Type::number && b.type() == Type::number) return number_as_float(a) < number_as_float(b);
    return a.as_string() && b.as_string() && *a.as_string() < *b.as_string();
  }

  bool matches(const Filter& filter, const Value& element) {
    using enum Filter::Op;
    if (filter.op == both) return matches(*filter.a, element) && matches(*filter.b, element);
    if (filter.op == either) return matches(*filter.a, element) || matches(*filter.b, element);
    if (filter.op == none) return !matches(*filter.a, element);
    auto left = resolve(filter.left, element);
    if (filter.op == exists) return left && !(left->as_bool() && !*left->as_bool());
    auto right = resolve(filter.right, element);
    if (!left || !right) return filter.op == not_equal && (left || right);
    bool equal_values = *left == *right;
    switch (filter.op) {
      case equal: return equal_values;
      case not_equal: return !equal_values;
      case less: return is_less(*left, *right);
      case less_equal: return equal_values || is_less(*left, *right);
      case greater: return is_less(*right, *left);
      default: return equal_values || is_less(*right, *left);
    }
  }

  Value root_;
  std::size_t budget_ = 1'000'000;
};

}  // namespace

Result<std::vector<Value>> find_in_json(std::string_view json, std::string_view path) {
  auto steps = PathReader(path).read();
  if (!steps) return std::unexpected(steps.error());
  auto root = parse_json(json, JsonNumbers::integers_where_possible);
  if (!root) return std::unexpected(root.error());
  Finder finder(*std::move(root));
  auto found = finder.find(*steps);
  if (finder.too_many()) return fail("the JSON path {} finds too much", quote(path));
  return found;
}

}  // namespace weir::lang
