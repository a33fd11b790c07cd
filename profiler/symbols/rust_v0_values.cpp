// Identifiers, lifetimes, constants and numbers of Rust names.
#include <algorithm>
#include <charconv>

#include "profiler/symbols/punycode.h"
#include "profiler/symbols/rust_v0.h"

namespace weir::profiler::rust {

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

}  // namespace weir::profiler::rust
