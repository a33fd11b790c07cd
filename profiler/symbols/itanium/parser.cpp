#include "profiler/symbols/itanium/parser.h"

#include <algorithm>

namespace weir::profiler::itanium {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool Parser::take(char c) {
  if (!at(c)) return false;
  skip(1);
  return true;
}

bool Parser::take(std::string_view word) {
  if (!at(word)) return false;
  skip(word.size());
  return true;
}

void Parser::expect(char c) {
  if (!take(c)) fail();
}

Node* Parser::fail() {
  failed_ = true;
  rest_ = {};
  return &nothing_;
}

Parser::State Parser::state() const {
  return {rest_, candidates_.size(), templates_.size(), lambda_level_, in_constraint_, declared_};
}

void Parser::restore(const State& state) {
  failed_ = false;
  rest_ = state.rest;
  candidates_.resize(std::min(candidates_.size(), state.candidates));
  templates_.resize(state.templates);
  lambda_level_ = state.lambda_level;
  in_constraint_ = state.in_constraint;
  declared_ = state.declared;
}

// Negative with "n" before it.
int Parser::number() {
  constexpr std::int64_t kLimit = 0x80000000 / 10 - 10;
  bool is_negative = take('n');
  if (!at_digit()) return fail()->number;
  std::int64_t value = 0;
  while (at_digit()) {
    if (value >= kLimit) return fail()->number;
    value = value * 10 + (rest_[0] - '0');
    skip(1);
  }
  return static_cast<int>(is_negative ? -value : value);
}

// "_" is 0, "0_" is 1.
int Parser::compact_number() {
  if (take('_')) return 0;
  if (!at_digit()) return fail()->number;
  int value = number();
  expect('_');
  return failed_ ? 0 : value + 1;
}

// The same in base 36.
std::size_t Parser::sequence_id(bool end_will_do) {
  constexpr std::size_t kLimit = 0x80000000 / 36 - 36;
  if (take('_')) return 0;
  std::size_t value = 0;
  while (!take('_')) {
    if (rest_.empty() && end_will_do) break;
    char c = peek(0);
    if (value >= kLimit || !(is_digit(c) || is_upper(c))) {
      fail();
      return 0;
    }
    value = value * 36 + static_cast<std::size_t>(is_digit(c) ? c - '0' : c - 'A' + 10);
    skip(1);
  }
  return value + 1;
}

// Which of several local names of that spelling: not shown. Some compilers leave a
// number without "_" at the end.
void Parser::discriminator() {
  if (!take('_')) {
    if (std::ranges::all_of(rest_, is_digit)) rest_ = {};
    return;
  }
  bool has_two = take('_');
  int value = number();
  if (value < 0) fail();
  if (has_two && value >= 10) expect('_');
}

}  // namespace weir::profiler::itanium
