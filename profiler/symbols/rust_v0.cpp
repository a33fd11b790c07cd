// Rust's v0 names (RFC 2603). They are printed while they are read.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "profiler/symbols/punycode.h"
#include "profiler/symbols/rust.h"

namespace weir::profiler {
namespace {

// A back reference stands for what was there before, which may have back references
// of its own: the text is bounded, and so is the work, for some of it prints nothing.
constexpr std::size_t kMaxText = 64u << 10;
constexpr std::size_t kMaxSteps = 1u << 16;
constexpr std::size_t kMaxDepth = 256;

// By letter: 'a' …
constexpr std::string_view kBasicTypes[26] = {
    "i8",   "bool", "char", "f64", "str", "f32", "",    "u8", "isize", "usize", "",    "i32", "u32",
    "i128", "u128", "_",    "",    "",    "i16", "u16", "()", "...",   "",      "i64", "u64", "!"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

class V0Printer {
 public:
  // `name` begins behind "_R".
  V0Printer(std::string_view name, Demangle mode) : name_(name), end_(name.size()), mode_(mode) {}

  std::optional<std::string> run() {
    if (is_digit(peek())) return std::nullopt;  // a version that does not exist yet
    path(Separator::colons);
    if (!at_end()) {  // the crate that made it out of a generic one
      is_silent_ = true;
      path(Separator::none);
    }
    return failed_ || !at_end() ? std::nullopt : std::optional(std::move(out_));
  }

 private:
  enum class Separator : std::uint8_t { none, colons };  // before generic arguments: ::<> in expressions

  struct Identifier {
    std::int64_t disambiguator = 0;
    std::string name;
  };

  // Reading. After a failure nothing is left to read, so that everything ends.
  bool at_end() const { return at_ >= end_; }
  char peek() const { return at_end() ? '\0' : name_[at_]; }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  bool begin_step() {
    if (++depth_ > kMaxDepth || ++steps_ > kMaxSteps) fail();
    return !failed_;
  }

  void write(std::string_view text) {
    if (is_silent_ || failed_) return;
    if (out_.size() + text.size() > kMaxText) return fail();
    out_ += text;
  }
  void write(char c) { write(std::string_view(&c, 1)); }

  void path(Separator separator);
  void path_here(Separator separator);
  void nested_path(Separator separator);
  void implementation();
  Identifier identifier();
  std::int64_t disambiguator();
  std::string plain_identifier(bool& is_punycode);
  void generic_arguments();
  void generic_argument();
  void type();
  void type_here();
  void array();
  void tuple();
  void reference();
  void function();
  void abi();
  void dyn();
  void dyn_trait();
  bool open_path();
  void binder();
  void lifetime(std::int64_t index);
  void constant();
  void constant_value(char type);
  void character(std::uint64_t code);
  std::int64_t base62();
  std::size_t decimal();

  template <class Read>
  void back_reference(Read&& read);

  std::string_view name_;
  std::size_t at_ = 0;
  std::size_t end_;
  Demangle mode_;
  std::string out_;
  bool failed_ = false;
  bool is_silent_ = false;
  std::int64_t lifetimes_ = 0;  // bound around here
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
};

void V0Printer::path(Separator separator) {
  if (begin_step()) path_here(separator);
  --depth_;
}

void V0Printer::path_here(Separator separator) {
  switch (char kind = peek()) {
    case 'C': ++at_; return write(identifier().name);
    case 'M':
    case 'X':
    case 'Y':
      ++at_;
      if (kind != 'Y') implementation();
      write('<');
      type();
      if (kind != 'M') {
        write(" as ");
        path(Separator::none);
      }
      return write('>');
    case 'N': return nested_path(separator);
    case 'I':
      ++at_;
      path(separator);
      write(separator == Separator::colons ? "::<" : "<");
      generic_arguments();
      write('>');
      return expect('E');
    case 'B': return back_reference([&] { path(separator); });
    default: return fail();
  }
}

void V0Printer::nested_path(Separator separator) {
  ++at_;
  char space = peek();
  if (!is_lower(space) && !is_upper(space)) return fail();
  ++at_;
  path(separator);
  auto [number, name] = identifier();
  if (is_lower(space)) {
    write("::");
    return write(name);
  }
  write("::{");
  if (space == 'C') {
    write("closure");
  } else if (space == 'S') {
    write("shim");
  } else {
    write(space);
  }
  if (!name.empty()) write(":" + name);
  write("#" + std::to_string(number) + "}");
}

// Where the implementation stands is not shown.
void V0Printer::implementation() {
  bool was_silent = std::exchange(is_silent_, true);
  disambiguator();
  path(Separator::none);
  is_silent_ = was_silent;
}

V0Printer::Identifier V0Printer::identifier() {
  std::int64_t number = disambiguator();
  bool is_punycode = false;
  return {number, plain_identifier(is_punycode)};
}

std::int64_t V0Printer::disambiguator() {
  return take('s') ? static_cast<std::int64_t>(static_cast<std::uint64_t>(base62()) + 1) : 0;
}

std::string V0Printer::plain_identifier(bool& is_punycode) {
  is_punycode = take('u');
  std::size_t length = decimal();
  take('_');
  if (failed_ || length > end_ - at_) return fail(), std::string();
  std::string_view text = name_.substr(at_, length);
  at_ += length;
  auto is_word = [](char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '_'; };
  if (!std::ranges::all_of(text, is_word)) return fail(), std::string();
  if (!is_punycode) return std::string(text);
  auto decoded = decode_punycode(text);
  if (!decoded) fail();
  return decoded.value_or("");
}

void V0Printer::generic_arguments() {
  bool was_silent = is_silent_;
  if (mode_ == Demangle::simplified) is_silent_ = true;
  for (bool is_first = true; !at_end() && peek() != 'E'; is_first = false) {
    if (!is_first) write(", ");
    generic_argument();
  }
  is_silent_ = was_silent;
}

void V0Printer::generic_argument() {
  if (take('L')) return lifetime(base62());
  if (take('K')) return constant();
  type();
}

void V0Printer::type() {
  if (begin_step()) type_here();
  --depth_;
}

void V0Printer::type_here() {
  char kind = peek();
  if (is_lower(kind)) {
    ++at_;
    std::string_view text = kBasicTypes[kind - 'a'];
    return text.empty() ? fail() : write(text);
  }
  switch (kind) {
    case 'C':
    case 'M':
    case 'X':
    case 'Y':
    case 'N':
    case 'I': return path(Separator::none);
    case 'A':
    case 'S': return array();
    case 'T': return tuple();
    case 'R':
    case 'Q': return reference();
    case 'P':
    case 'O':
      ++at_;
      write(kind == 'P' ? "*const " : "*mut ");
      return type();
    case 'F': return function();
    case 'D': return dyn();
    case 'B': return back_reference([&] { type(); });
    default: return fail();
  }
}

// With a length, or a slice without.
void V0Printer::array() {
  bool has_length = take('A');
  if (!has_length) ++at_;
  write('[');
  type();
  if (has_length) {
    write("; ");
    constant();
  }
  write(']');
}

void V0Printer::tuple() {
  ++at_;
  write('(');
  std::size_t count = 0;
  for (; !at_end() && peek() != 'E'; ++count) {
    if (count > 0) write(", ");
    type();
  }
  write(count == 1 ? ",)" : ")");
  expect('E');
}

void V0Printer::reference() {
  bool is_mutable = take('Q');
  if (!is_mutable) ++at_;
  write('&');
  if (take('L')) {
    if (std::int64_t index = base62(); index > 0) {
      lifetime(index);
      write(' ');
    }
  }
  if (is_mutable) write("mut ");
  type();
}

void V0Printer::function() {
  ++at_;
  std::int64_t outer = lifetimes_;
  binder();
  if (take('U')) write("unsafe ");
  if (take('K')) abi();
  write("fn(");
  for (bool is_first = true; !at_end() && peek() != 'E'; is_first = false) {
    if (!is_first) write(", ");
    type();
  }
  expect('E');
  write(')');
  if (!take('u')) {
    write(" -> ");
    type();
  }
  lifetimes_ = outer;
}

void V0Printer::abi() {
  if (take('C')) return write("extern \"C\" ");
  bool is_punycode = false;
  std::string name = plain_identifier(is_punycode);
  if (is_punycode) return fail();
  std::ranges::replace(name, '_', '-');
  write("extern \"" + name + "\" ");
}

void V0Printer::dyn() {
  ++at_;
  std::int64_t outer = lifetimes_;
  write("dyn ");
  binder();
  for (bool is_first = true; !at_end() && peek() != 'E'; is_first = false) {
    if (!is_first) write(" + ");
    dyn_trait();
  }
  expect('E');
  lifetimes_ = outer;
  expect('L');
  std::int64_t index = base62();
  if (index <= 0) return;
  write(out_.ends_with(' ') ? "+ " : " + ");
  lifetime(index);
}

// With what its associated types are.
void V0Printer::dyn_trait() {
  bool is_open = open_path();
  while (take('p')) {
    write(is_open ? ", " : "<");
    is_open = true;
    bool is_punycode = false;
    write(plain_identifier(is_punycode));
    write(" = ");
    type();
  }
  if (is_open) write('>');
}

// A path whose generic arguments, when it has any, are still to be closed: true then.
bool V0Printer::open_path() {
  bool is_open = false;
  if (begin_step()) {
    if (take('I')) {
      path(Separator::none);
      write('<');
      generic_arguments();
      expect('E');
      is_open = true;
    } else if (peek() == 'B') {
      back_reference([&] { is_open = open_path(); });
    } else {
      path(Separator::none);
    }
  }
  --depth_;
  return is_open;
}

void V0Printer::binder() {
  if (!take('G')) return;
  std::int64_t count = base62();
  // Each lifetime is used by something that has a length.
  if (failed_ || count < 0 || count + 1 >= static_cast<std::int64_t>(end_ - at_) - lifetimes_) return fail();
  write("for<");
  for (std::int64_t i = 0; i <= count; ++i) {
    if (i > 0) write(", ");
    ++lifetimes_;
    lifetime(1);
  }
  write("> ");
}

// 1 is the innermost.
void V0Printer::lifetime(std::int64_t index) {
  constexpr std::int64_t kLetters = 26;
  if (index == 0) return write("'_");
  if (index < 0 || index > lifetimes_) return fail();
  std::int64_t depth = lifetimes_ - index;
  write('\'');
  write(static_cast<char>('a' + std::min(depth, kLetters - 1)));
  if (depth >= kLetters) write(std::to_string(depth - kLetters + 1));
}

void V0Printer::constant() {
  if (begin_step()) {
    char type = peek();
    if (type == 'B') {
      back_reference([&] { constant(); });
    } else if (take('p')) {
      write('_');
    } else {
      constant_value(type);
    }
  }
  --depth_;
}

void V0Printer::constant_value(char type) {
  bool is_signed = std::string_view("aslxni").contains(type);
  if (at_end() || (!is_signed && !std::string_view("htmyojbc").contains(type))) return fail();
  ++at_;
  if (is_signed && take('n')) write('-');
  std::size_t start = at_;
  std::uint64_t value = 0;
  while (!at_end() && peek() != '_') {
    char c = peek();
    bool is_hex = is_digit(c) || (c >= 'a' && c <= 'f');
    if (!is_hex) return fail();
    std::uint64_t digit = static_cast<std::uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
    ++at_;
    if (value == 0 && digit == 0 && peek() != '_') return fail();  // no zeros in front
    value = value * 16 + digit;
  }
  std::string_view digits = name_.substr(start, at_ - start);
  take('_');
  if (digits.empty()) return fail();
  if (type == 'b') {
    if (digits.size() > 1 || value > 1) return fail();
    return write(value == 1 ? "true" : "false");
  }
  if (type == 'c') return digits.size() > 6 ? fail() : character(value);
  if (digits.size() <= 16) return write(std::to_string(value));
  write("0x");
  write(digits);
}

void V0Printer::character(std::uint64_t code) {
  switch (code) {
    case '\t': return write("'\\t'");
    case '\r': return write("'\\r'");
    case '\n': return write("'\\n'");
    case '\\': return write("'\\\\'");
    case '\'': return write("'\\''");
    default: break;
  }
  write('\'');
  if (code >= ' ' && code <= '~') {
    write(static_cast<char>(code));
  } else {
    char digits[16];
    auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), code, 16);
    write("\\u{" + std::string(std::begin(digits), end) + "}");
  }
  write('\'');
}

// "_" is 0, "0_" is 1. What is too large wraps around.
std::int64_t V0Printer::base62() {
  if (take('_')) return 0;
  std::uint64_t value = 0;
  while (!at_end()) {
    char c = name_[at_++];
    if (c == '_') return static_cast<std::int64_t>(value + 1);
    if (!is_digit(c) && !is_lower(c) && !is_upper(c)) break;
    int digit = is_digit(c) ? c - '0' : is_lower(c) ? c - 'a' + 10 : c - 'A' + 36;
    value = value * 62 + static_cast<std::uint64_t>(digit);
  }
  fail();
  return 0;
}

std::size_t V0Printer::decimal() {
  constexpr std::size_t kLimit = 0x7fffffff / 10;
  if (at_end()) fail();
  std::size_t value = 0;
  for (; is_digit(peek()); ++at_) {
    auto digit = static_cast<std::size_t>(name_[at_] - '0');
    if (value >= kLimit - digit) return fail(), 0;
    value = value * 10 + digit;
  }
  return value;
}

template <class Read>
void V0Printer::back_reference(Read&& read) {
  std::size_t here = at_++;
  std::int64_t target = base62();
  if (is_silent_ || failed_) return;
  if (target < 0 || static_cast<std::size_t>(target) >= here) return fail();
  std::size_t behind = std::exchange(at_, static_cast<std::size_t>(target));
  std::size_t outer_end = std::exchange(end_, here);
  read();
  end_ = outer_end;
  at_ = failed_ ? end_ : behind;
}

}  // namespace

std::optional<std::string> demangle_rust_v0(std::string_view name, Demangle mode) {
  if (!name.starts_with("_R")) return std::nullopt;
  return V0Printer(name.substr(2, name.find('.') - 2), mode).run();
}

}  // namespace weir::profiler
