#include "lang/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "lang/text.h"

namespace weir::lang {

namespace {

// Most texts are ASCII but for a few strings and comments: what needs no closer look is passed over by bytes.
// NUL is not among them: one stands behind every text, and ends each loop.
template <class Is>
consteval std::array<bool, 256> bytes_that(Is is) {
  std::array<bool, 256> table{};
  for (unsigned byte = 1; byte < 0x80; ++byte) table[byte] = is(static_cast<char>(byte));
  return table;
}

constexpr bool is_ascii_letter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_decimal(std::uint32_t rune) {
  return rune >= '0' && rune <= '9';
}
constexpr char32_t kByteOrderMark = 0xFEFF;

constexpr auto kDecimal = bytes_that([](char c) { return c >= '0' && c <= '9'; });
constexpr auto kInName = bytes_that([](char c) { return is_ascii_letter(c) || (c >= '0' && c <= '9'); });
constexpr auto kBlank = bytes_that([](char c) { return c == ' ' || c == '\t' || c == '\r'; });
constexpr auto kBlankOrNewline =
    bytes_that([](char c) { return kBlank[static_cast<unsigned char>(c)] || c == '\n'; });
constexpr auto kInString = bytes_that([](char c) { return c != '"' && c != '\\' && c != '\n'; });
constexpr auto kInSingleQuotes = bytes_that([](char c) { return c != '\'' && c != '\n'; });
constexpr auto kInRawString = bytes_that([](char c) { return c != '`'; });
constexpr auto kInLine = bytes_that([](char c) { return c != '\n'; });
constexpr auto kInBlockComment = bytes_that([](char c) { return c != '*'; });

// 16 for what is no digit in any base.
std::uint32_t digit_value(std::uint32_t rune) {
  if (is_decimal(rune)) return rune - '0';
  if (rune >= 'a' && rune <= 'f') return rune - 'a' + 10;
  if (rune >= 'A' && rune <= 'F') return rune - 'A' + 10;
  return 16;
}

// "'#'", "'é' (U+00E9)", "U+0007"
std::string name_rune(std::uint32_t rune) {
  std::string text = fmt::format("U+{:04X}", rune);
  if (!is_printable(rune)) return text;
  std::string shown;
  append_utf8(shown, rune);
  return rune < 0x80 ? fmt::format("'{}'", shown) : fmt::format("'{}' ({})", shown, text);
}

// What people mean who write it; "" where nothing is likely.
std::string_view hint_of_illegal(std::uint32_t rune, std::string_view behind, Dialect dialect) {
  if (rune == ':' && behind.starts_with("//")) return ": a URL is text and stands in double quotes";
  if (rune == ':') return ": a value is assigned with =";
  if (rune == ';') return ": a statement ends with its line";
  if (rune == '?') return ": there is no conditional operator";
  if (rune == '@' || rune == '~' || rune == '\\') return ": text stands in double quotes";
  if (rune == '$' && dialect == Dialect::alloy) {
    return ": environment variables are read with sys.env(\"NAME\")";
  }
  if (rune == '$') return ": environment variables are read with env(\"NAME\")";
  bool is_quote = (rune >= 0x2018 && rune <= 0x201F) || rune == 0xAB || rune == 0xBB || rune == 0xB4;
  if (is_quote) return ": strings are written in plain double quotes";
  bool is_blank = is_space(rune) || (rune >= 0x200B && rune <= 0x200D) || rune == 0x2060;
  if (is_blank) return ": it looks like a blank, but only space, tab and newline are some";
  return "";
}

// Whether the token can end an operand, so that a newline behind it ends the statement.
constexpr bool can_end_operand(TokenKind kind) {
  using enum TokenKind;
  return (kind >= identifier && kind <= string) || kind == close_brace || kind == close_paren ||
         kind == close_bracket;
}

}  // namespace

Lexer::Lexer(SourcePtr source) : source_(std::move(source)), text_(source_->text()) {
  if (!is_end() && decode_rune(text_).code == kByteOrderMark) at_ = 3;
}

Token Lexer::next() {
  skip(ends_operand_ ? kBlank : kBlankOrNewline);
  std::uint32_t begin = at_;
  unsigned char first = here();
  if (kInName[first]) return kDecimal[first] ? scan_number(begin) : scan_name(begin);
  switch (first) {
    case '"': return scan_string(begin);
    case '\n': ++at_; return emit_terminator(begin);
    case '.': return scan_dot(begin);
    case '/': return scan_slash(begin);
    case '`': return scan_raw_string(begin);
    case '\'': return scan_single_quoted(begin);
    case '#': return scan_hash(begin);
    default: return scan_operator(begin);
  }
}

// ---- bytes and runes ----

bool Lexer::take(char c) {
  if (text_.data()[at_] != c) return false;
  ++at_;
  return true;
}

void Lexer::skip(const std::array<bool, 256>& bytes) {
  const char* text = text_.data();
  std::uint32_t at = at_;
  while (bytes[static_cast<unsigned char>(text[at])]) ++at;
  at_ = at;
}

// To the first ASCII character that is not among `bytes`, or to the end.
void Lexer::skip_runes(const std::array<bool, 256>& bytes) {
  for (skip(bytes); here() >= 0x80 || (here() == 0 && !is_end()); skip(bytes)) take_rune();
}

Rune Lexer::take_rune() {
  Rune rune = decode_rune(text_, at_);
  if (rune.code == 0) error(at_, "illegal character NUL");
  if (!rune.valid) error(at_, "illegal UTF-8 encoding");
  if (rune.code == kByteOrderMark) error(Span{at_, at_ + rune.size}, "illegal byte order mark");
  at_ += rune.size;
  return rune;
}

void Lexer::error(std::uint32_t at, std::string message) {
  error(Span{at, at + 1}, std::move(message));
}

void Lexer::error(Span span, std::string message) {
  if (errors_.size() >= kMostSyntaxErrors) return;
  auto size = static_cast<std::uint32_t>(text_.size());
  span.end = std::min(span.end, size);
  span.begin = std::min(span.begin, span.end);
  errors_.push_back({Severity::error, source_, span, std::move(message), {}});
}

// ---- tokens ----

Token Lexer::emit(TokenKind kind, std::uint32_t begin) {
  ends_operand_ = can_end_operand(kind);
  return {kind, {begin, at_}};
}

Token Lexer::emit_terminator(std::uint32_t at) {
  ends_operand_ = false;
  return {TokenKind::terminator, {at, at}};
}

Token Lexer::emit_if(char c, TokenKind with, TokenKind without, std::uint32_t begin) {
  return emit(take(c) ? with : without, begin);
}

Token Lexer::emit_doubled(char c, TokenKind kind, std::uint32_t begin) {
  if (!take(c)) error(at_, fmt::format("expected {0}{0}, got a single {0}", c));
  return emit(kind, begin);
}

Token Lexer::scan_operator(std::uint32_t begin) {
  using enum TokenKind;
  switch (text_.data()[at_++]) {
    case '{': return emit(open_brace, begin);
    case '}': return emit(close_brace, begin);
    case '(': return emit(open_paren, begin);
    case ')': return emit(close_paren, begin);
    case '[': return emit(open_bracket, begin);
    case ']': return emit(close_bracket, begin);
    case ',': return emit(comma, begin);
    case '+': return emit(add, begin);
    case '-': return emit(subtract, begin);
    case '*': return emit(multiply, begin);
    case '%': return emit(remainder, begin);
    case '^': return emit(power, begin);
    case '=': return emit_if('=', equal, assign, begin);
    case '!': return emit_if('=', not_equal, logical_not, begin);
    case '<': return emit_if('=', less_equal, less, begin);
    case '>': return emit_if('=', greater_equal, greater, begin);
    case '|': return emit_doubled('|', logical_or, begin);
    case '&': return emit_doubled('&', logical_and, begin);
    default: break;
  }
  at_ = begin;
  return scan_other(begin);
}

Token Lexer::scan_name(std::uint32_t begin) {
  skip(kInName);
  while (here() >= 0x80) {
    Rune rune = decode_rune(text_, at_);
    if (!is_letter(rune.code) && !is_digit(rune.code)) break;
    at_ += rune.size;
    skip(kInName);
  }
  std::string_view name = text_.substr(begin, at_ - begin);
  if (name == "true" || name == "false") return emit(TokenKind::boolean, begin);
  if (name == "null") return emit(TokenKind::null, begin);
  return emit(TokenKind::identifier, begin);
}

// What begins with no ASCII character, or with one that begins nothing.
Token Lexer::scan_other(std::uint32_t begin) {
  if (is_end()) {
    if (ends_operand_) return emit_terminator(begin);
    return emit(TokenKind::end_of_file, begin);
  }
  Rune rune = take_rune();
  if (rune.valid && is_letter(rune.code)) return scan_name(begin);
  bool is_reported = !rune.valid || rune.code == 0 || rune.code == kByteOrderMark;
  if (!is_reported) {
    std::string_view hint = hint_of_illegal(rune.code, text_.substr(at_), dialect_of_file(source_->name()));
    error(Span{begin, at_}, fmt::format("illegal character {}{}", name_rune(rune.code), hint));
  }
  // Whether a newline ends the statement is left as it was.
  return {TokenKind::illegal, {begin, at_}};
}

Token Lexer::scan_number(std::uint32_t begin) {
  TokenKind kind = TokenKind::number;
  skip(kDecimal);
  if (take('.')) {
    kind = TokenKind::floating;
    skip(kDecimal);
  }
  if (take('e') || take('E')) {
    kind = TokenKind::floating;
    if (!take('+')) take('-');
    if (!kDecimal[here()]) error(Span{begin, at_}, "exponent has no digits");
    skip(kDecimal);
  }
  return emit(kind, begin);
}

Token Lexer::scan_dot(std::uint32_t begin) {
  ++at_;
  if (!kDecimal[here()]) return emit(TokenKind::dot, begin);
  at_ = begin;
  return scan_number(begin);
}

Token Lexer::scan_string(std::uint32_t begin) {
  ++at_;
  for (skip_runes(kInString); !take('"'); skip_runes(kInString)) {
    if (!take('\\')) {
      error(Span{begin, at_}, "string literal not terminated: the closing \" is missing on this line");
      break;
    }
    scan_escape();
  }
  return emit(TokenKind::string, begin);
}

// What follows a backslash; where it is wrong, to where it is.
void Lexer::scan_escape() {
  std::uint32_t begin = at_;
  std::uint32_t digits = 3, base = 8, most = 255;
  switch (text_.data()[at_]) {
    case 'a':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
    case '\\':
    case '"': ++at_; return;
    case 'x': digits = 2; break;
    case 'u': digits = 4; break;
    case 'U': digits = 8; break;
    default:
      if (is_end()) return error(begin, "escape sequence not terminated");
      if (digit_value(here()) < base) break;
      return error(begin,
                   "unknown escape sequence: a backslash itself is written \\\\, or the text stands in "
                   "backquotes");
  }
  if (digits != 3) {
    ++at_;
    base = 16;
    most = 0x10FFFF;
  }
  std::uint64_t code = 0;
  for (; digits > 0; --digits, ++at_) {
    std::uint32_t value = digit_value(here());
    if (value >= base) return report_escape(begin);
    code = code * base + value;
  }
  if (code > most || (code >= 0xD800 && code <= 0xDFFF)) {
    error(Span{begin, at_}, "escape sequence is invalid Unicode code point");
  }
}

// That a digit is missing here.
void Lexer::report_escape(std::uint32_t begin) {
  if (is_end()) return error(at_, "escape sequence not terminated");
  Rune rune = decode_rune(text_, at_);
  error({begin, at_ + rune.size},
        fmt::format("illegal character {} in escape sequence", name_rune(rune.code)));
}

Token Lexer::scan_single_quoted(std::uint32_t begin) {
  ++at_;
  skip_runes(kInSingleQuotes);
  std::string_view inside = text_.substr(begin + 1, at_ - begin - 1);
  take('\'');
  error(Span{begin, at_}, inside.size() > 40
                              ? "strings are written in double quotes"
                              : fmt::format("strings are written in double quotes: {}", quote(inside)));
  ends_operand_ = true;
  return {TokenKind::illegal, {begin, at_}};
}

Token Lexer::scan_raw_string(std::uint32_t begin) {
  ++at_;
  skip_runes(kInRawString);
  if (!take('`')) error(begin, "raw string literal not terminated: the closing ` is missing");
  return emit(TokenKind::string, begin);
}

Token Lexer::scan_slash(std::uint32_t begin) {
  ++at_;
  if (here() != '/' && here() != '*') return emit(TokenKind::divide, begin);
  if (ends_operand_ && comment_ends_line(begin)) {
    // The comment itself is the next token.
    at_ = begin;
    return emit_terminator(begin);
  }
  if (take('*')) return scan_block_comment(begin);
  skip_runes(kInLine);
  return emit(TokenKind::comment, begin);
}

Token Lexer::scan_block_comment(std::uint32_t begin) {
  for (skip_runes(kInBlockComment); take('*'); skip_runes(kInBlockComment)) {
    if (take('/')) return emit(TokenKind::comment, begin);
  }
  error(Span{begin, begin + 2}, "comment not terminated: the closing */ is missing");
  return emit(TokenKind::comment, begin);
}

// Whether nothing but comments and blanks follows on the line that the comment at `begin` ends on.
bool Lexer::comment_ends_line(std::uint32_t begin) const {
  std::size_t at = begin;
  while (text_.substr(at, 2) == "/*") {
    std::size_t close = text_.find("*/", at + 2);
    if (close == std::string_view::npos) return true;
    if (text_.substr(at, close - at).find('\n') != std::string_view::npos) return true;
    at = text_.find_first_not_of(" \t\r", close + 2);
    if (at == std::string_view::npos || text_[at] == '\n') return true;
  }
  return text_.substr(at, 2) == "//";
}

// Not of this language, but a comment in so many others that the rest of the line is taken as one.
Token Lexer::scan_hash(std::uint32_t begin) {
  // As of any comment that ends a line.
  if (ends_operand_) return emit_terminator(begin);
  error(begin, "illegal character '#': comments begin with //");
  skip_runes(kInLine);
  return emit(TokenKind::comment, begin);
}

Tokens lex(const SourcePtr& source) {
  Lexer lexer(source);
  std::vector<Token> tokens = {lexer.next()};
  tokens.reserve(source->text().size() / 4);
  while (tokens.back().kind != TokenKind::end_of_file) tokens.push_back(lexer.next());
  return {std::move(tokens), lexer.errors()};
}

}  // namespace weir::lang
