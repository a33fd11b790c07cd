#include "components/relabel/small_regex_parser.h"

#include <utility>

namespace weir::relabel {
namespace {

using CharSet = SmallRegex::CharSet;
using Op = SmallRegex::Op;

constexpr int kMostDepth = 8;
constexpr std::size_t kMostSteps = 256;
constexpr std::uint32_t kMostRepeats = 1000;  // Go refuses more
constexpr std::uint32_t kNoLimit = 0xffffffff;
constexpr std::string_view kMeaning = R"(\.+*?()|[]{}^$)";

bool is_plain(char c) {
  return c >= ' ' && c <= '~' && !kMeaning.contains(c);
}

bool is_punctuation(char c) {
  bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c > ' ' && c <= '~' && !is_word && c != '_';
}

CharSet only(char c) {
  CharSet set;
  set.set(static_cast<std::size_t>(c));
  return set;
}

CharSet between(char first, char last) {
  CharSet set;
  for (char c = first; c <= last; ++c) set.set(static_cast<std::size_t>(c));
  return set;
}

// \d, \w, \s and their opposites.
std::optional<CharSet> class_named(char name) {
  switch (name) {
    case 'd': return between('0', '9');
    case 'D': return ~between('0', '9');
    case 'w': return between('0', '9') | between('a', 'z') | between('A', 'Z') | only('_');
    case 'W': return ~*class_named('w');
    case 's': return only(' ') | only('\t') | only('\n') | only('\f') | only('\r');
    case 'S': return ~*class_named('s');
    default: return std::nullopt;
  }
}

void append(SmallRegexParser::Code& code, const SmallRegexParser::Code& more) {
  code.insert(code.end(), more.begin(), more.end());
}

}  // namespace

std::optional<SmallRegex> SmallRegexParser::run() {
  auto code = alternatives(0);
  if (!code || !rest_.empty() || code->size() >= kMostSteps) return std::nullopt;
  code->push_back({.op = Op::end});
  regex_.steps_ = *std::move(code);
  return std::move(regex_);
}

bool SmallRegexParser::take(std::string_view token) {
  if (!rest_.starts_with(token)) return false;
  rest_.remove_prefix(token.size());
  return true;
}

std::optional<SmallRegexParser::Code> SmallRegexParser::alternatives(int depth) {
  if (depth > kMostDepth) return std::nullopt;
  auto code = sequence(depth);
  if (!code || !take("|")) return code;
  auto others = alternatives(depth);
  if (!others || code->size() + others->size() >= kMostSteps) return std::nullopt;
  auto own = static_cast<std::int16_t>(code->size()), its = static_cast<std::int16_t>(others->size());
  Code both{{.op = Op::choice, .first = 1, .second = static_cast<std::int16_t>(own + 2)}};
  append(both, *code);
  both.push_back({.op = Op::jump, .first = static_cast<std::int16_t>(its + 1)});
  append(both, *others);
  return both;
}

std::optional<SmallRegexParser::Code> SmallRegexParser::sequence(int depth) {
  Code code;
  // All of the text has to match anyway.
  if (depth == 0) take("^");
  while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
    if (depth == 0 && (rest_ == "$" || rest_.starts_with("$|"))) {
      take("$");
      break;
    }
    auto part = rest_[0] == '(' ? group(depth) : character();
    if (!part || code.size() + part->size() >= kMostSteps) return std::nullopt;
    append(code, *part);
  }
  return code;
}

std::optional<SmallRegexParser::Code> SmallRegexParser::group(int depth) {
  bool is_captured = !take("(?:");
  if (is_captured && (!take("(") || rest_.starts_with('?'))) return std::nullopt;
  auto slot = static_cast<std::int16_t>(is_captured ? 2 * ++regex_.group_count_ : 0);
  auto inside = alternatives(depth + 1);
  if (!inside || !take(")")) return std::nullopt;
  Code code;
  if (is_captured) code.push_back({.op = Op::mark, .first = slot});
  append(code, *inside);
  if (is_captured) code.push_back({.op = Op::mark, .first = static_cast<std::int16_t>(slot + 1)});
  auto times = count();
  // Loops of groups are for RE2.
  if (!times || times->most != 1) return std::nullopt;
  if (times->least == 1) return code;
  auto behind = static_cast<std::int16_t>(code.size() + 1);
  code.insert(code.begin(), {.op = Op::choice,
                             .first = times->is_lazy ? behind : std::int16_t{1},
                             .second = times->is_lazy ? std::int16_t{1} : behind});
  return code;
}

std::optional<SmallRegexParser::Code> SmallRegexParser::character() {
  auto set = one_of();
  if (!set) return std::nullopt;
  auto times = count();
  if (!times) return std::nullopt;
  return Code{{.op = Op::run,
               .is_lazy = times->is_lazy,
               .set = regex_.table_of(*set),
               .least = times->least,
               .most = times->most}};
}

std::optional<CharSet> SmallRegexParser::one_of() {
  char c = rest_[0];
  if (c == '\\') return escape();
  if (c == '.') {
    take(".");
    return dot_is_newline_ ? ~CharSet() : ~only('\n');
  }
  if (is_plain(c)) {
    rest_.remove_prefix(1);
    return only(c);
  }
  if (!take("[")) return std::nullopt;
  bool is_opposite = take("^");
  CharSet set;
  do {
    if (rest_.size() > 1 && rest_[0] == '\\') {
      if (auto named = class_named(rest_[1])) {
        rest_.remove_prefix(2);
        set |= *named;
        continue;
      }
    }
    auto first = member();
    if (!first) return std::nullopt;
    bool is_range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']' && take("-");
    auto last = is_range ? member() : first;
    if (!last || *last < *first) return std::nullopt;
    set |= between(*first, *last);
  } while (!rest_.starts_with(']'));
  take("]");
  return is_opposite ? ~set : set;
}

std::optional<CharSet> SmallRegexParser::escape() {
  if (rest_.size() < 2) return std::nullopt;
  auto set = class_named(rest_[1]);
  if (!set && !is_punctuation(rest_[1])) return std::nullopt;
  if (!set) set = only(rest_[1]);
  rest_.remove_prefix(2);
  return set;
}

// Of a character class.
std::optional<char> SmallRegexParser::member() {
  if (rest_.empty()) return std::nullopt;
  char c = rest_[0];
  if (c == '\\') {
    if (rest_.size() < 2 || !is_punctuation(rest_[1])) return std::nullopt;
    c = rest_[1];
    rest_.remove_prefix(2);
    return c;
  }
  // A "-" in an odd place, [:alpha:] and a leading "]" are for RE2.
  bool is_odd = c == '[' || c == ']' || (c == '-' && rest_.size() > 1 && rest_[1] != ']');
  if (is_odd || c < ' ' || c > '~') return std::nullopt;
  rest_.remove_prefix(1);
  return c;
}

std::optional<SmallRegexParser::Count> SmallRegexParser::count() {
  Count times;
  if (take("*")) {
    times = {.least = 0, .most = kNoLimit};
  } else if (take("+")) {
    times = {.least = 1, .most = kNoLimit};
  } else if (take("?")) {
    times = {.least = 0, .most = 1};
  } else if (rest_.starts_with('{')) {
    auto counted = braces();
    if (!counted) return std::nullopt;
    times = *counted;
  } else {
    return times;
  }
  times.is_lazy = take("?");
  bool is_twice = !rest_.empty() && std::string_view("*+?{").contains(rest_[0]);
  return is_twice ? std::nullopt : std::optional(times);
}

// {2}, {2,} and {2,3}.
std::optional<SmallRegexParser::Count> SmallRegexParser::braces() {
  take("{");
  auto least = number();
  if (!least) return std::nullopt;
  if (take("}")) return Count{.least = *least, .most = *least};
  if (!take(",")) return std::nullopt;
  if (take("}")) return Count{.least = *least, .most = kNoLimit};
  auto most = number();
  if (!most || !take("}") || *most < *least) return std::nullopt;
  return Count{.least = *least, .most = *most};
}

std::optional<std::uint32_t> SmallRegexParser::number() {
  std::uint32_t value = 0;
  std::size_t digits = 0;
  while (digits < rest_.size() && digits < 5 && rest_[digits] >= '0' && rest_[digits] <= '9') {
    value = value * 10 + static_cast<std::uint32_t>(rest_[digits++] - '0');
  }
  rest_.remove_prefix(digits);
  return digits == 0 || value > kMostRepeats ? std::nullopt : std::optional(value);
}

}  // namespace weir::relabel
