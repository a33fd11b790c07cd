#include "lang/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "lang/text.h"

namespace weir::lang {
namespace {

constexpr std::array<std::string_view, 34> kNames = {
    "ILLEGAL", "EOF", "COMMENT", "TERMINATOR", "IDENT", "BOOL", "NULL", "NUMBER", "FLOAT",
    "STRING",  "||",  "&&",      "!",          "==",    "!=",   "<",    "<=",     ">",
    ">=",      "+",   "-",       "*",          "/",     "%",    "^",    "=",      "{",
    "}",       "(",   ")",       "[",          "]",     ",",    "."};

// Most texts are ASCII but for a few strings and comments: what needs no closer look is passed over by bytes.
template <class Is>
consteval std::array<bool, 256> bytes_that(Is is) {
  std::array<bool, 256> table{};
  for (unsigned byte = 1; byte < 0x80; ++byte) table[byte] = is(static_cast<char>(byte));
  return table;
}

constexpr auto kInName = bytes_that([](char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
});
constexpr auto kBlank = bytes_that([](char c) { return c == ' ' || c == '\t' || c == '\r'; });
constexpr auto kInString = bytes_that([](char c) { return c != '"' && c != '\\' && c != '\n'; });
constexpr auto kInRawString = bytes_that([](char c) { return c != '`'; });
constexpr auto kInLine = bytes_that([](char c) { return c != '\n'; });
constexpr auto kInBlockComment = bytes_that([](char c) { return c != '*'; });

constexpr std::uint32_t kEnd = 0xFFFFFFFF;  // the rune behind the last one

bool is_decimal(std::uint32_t rune) {
  return rune >= '0' && rune <= '9';
}

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
  if (rune == kEnd || !is_printable(rune)) return text;
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

// Whether the last token can end an operand, so that a newline ends the statement.
enum class Armed { no, yes };

class Lexer {
 public:
  explicit Lexer(const SourcePtr& source) : source_(source), text_(source->text()) {}

  Tokens run() {
    out_.tokens.reserve(text_.size() / 4 + 2);
    read();
    if (rune_ == 0xFEFF) advance();
    while (out_.tokens.empty() || out_.tokens.back().kind != TokenKind::end_of_file) scan();
    return std::move(out_);
  }

 private:
  void error(std::uint32_t at, std::string message) { error(Span{at, at + 1}, std::move(message)); }

  void error(Span span, std::string message) {
    if (out_.errors.size() >= kMostSyntaxErrors) return;
    auto size = static_cast<std::uint32_t>(text_.size());
    span.end = std::min(span.end, size);
    span.begin = std::min(span.begin, span.end);
    out_.errors.push_back({Severity::error, source_, span, std::move(message), {}});
  }

  // Decodes the rune at at_.
  void read() {
    if (at_ >= text_.size()) {
      rune_ = kEnd;
      size_ = 0;
      return;
    }
    auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte != 0 && byte < 0x80) {
      rune_ = byte;
      size_ = 1;
      return;
    }
    Rune rune = decode_rune(text_, at_);
    rune_ = rune.code;
    size_ = rune.size;
    if (byte == 0) error(at_, "illegal character NUL");
    if (!rune.valid) error(at_, "illegal UTF-8 encoding");
    if (rune_ == 0xFEFF && at_ > 0) error(Span{at_, at_ + size_}, "illegal byte order mark");
  }

  void advance() {
    at_ += size_;
    read();
  }

  void skip(const std::array<bool, 256>& plain) {
    std::size_t at = at_;
    while (at < text_.size() && plain[static_cast<unsigned char>(text_[at])]) ++at;
    if (at == at_) return;
    at_ = static_cast<std::uint32_t>(at);
    read();
  }

  bool take(char c) {
    if (rune_ != static_cast<unsigned char>(c)) return false;
    advance();
    return true;
  }

  void emit(TokenKind kind, std::uint32_t begin, Armed armed) {
    out_.tokens.push_back({kind, {begin, at_}});
    armed_ = armed;
  }

  void emit_terminator(std::uint32_t at) {
    out_.tokens.push_back({TokenKind::terminator, {at, at}});
    armed_ = Armed::no;
  }

  void skip_blanks() {
    for (;;) {
      skip(kBlank);
      if (rune_ != '\n' || armed_ == Armed::yes) return;
      advance();
    }
  }

  void scan() {
    skip_blanks();
    std::uint32_t begin = at_;
    if (rune_ == kEnd) {
      if (armed_ == Armed::yes) return emit_terminator(begin);
      return emit(TokenKind::end_of_file, begin, Armed::no);
    }
    if (rune_ == '\n') {
      advance();
      return emit_terminator(begin);
    }
    if (rune_ == '_' || is_letter(rune_)) return scan_identifier(begin);
    if (is_decimal(rune_)) return scan_number(begin);
    switch (rune_) {
      case '"': return scan_string(begin);
      case '\'': return scan_single_quoted(begin);
      case '`': return scan_raw_string(begin);
      case '.': return scan_dot(begin);
      case '/': return scan_slash(begin);
      case '#': return scan_hash(begin);
      default: return scan_operator(begin);
    }
  }

  void scan_identifier(std::uint32_t begin) {
    skip(kInName);
    while (rune_ != kEnd && (rune_ == '_' || is_letter(rune_) || is_digit(rune_))) advance();
    std::string_view name = text_.substr(begin, at_ - begin);
    TokenKind kind = TokenKind::identifier;
    if (name == "true" || name == "false") kind = TokenKind::boolean;
    if (name == "null") kind = TokenKind::null;
    emit(kind, begin, Armed::yes);
  }

  void skip_decimals() {
    while (is_decimal(rune_)) advance();
  }

  void scan_number(std::uint32_t begin) {
    TokenKind kind = TokenKind::number;
    skip_decimals();
    if (take('.')) {
      kind = TokenKind::floating;
      skip_decimals();
    }
    if (rune_ == 'e' || rune_ == 'E') {
      kind = TokenKind::floating;
      advance();
      if (rune_ == '+' || rune_ == '-') advance();
      if (!is_decimal(rune_)) error(Span{begin, at_}, "exponent has no digits");
      skip_decimals();
    }
    emit(kind, begin, Armed::yes);
  }

  void scan_dot(std::uint32_t begin) {
    if (at_ + 1 < text_.size() && is_decimal(static_cast<unsigned char>(text_[at_ + 1]))) {
      return scan_number(begin);
    }
    advance();
    emit(TokenKind::dot, begin, Armed::no);
  }

  void scan_string(std::uint32_t begin) {
    advance();
    for (;;) {
      skip(kInString);
      if (rune_ == '\n' || rune_ == kEnd) {
        error(Span{begin, at_}, "string literal not terminated: the closing \" is missing on this line");
        break;
      }
      if (take('"')) break;
      if (take('\\')) {
        scan_escape();
      } else {
        advance();
      }
    }
    emit(TokenKind::string, begin, Armed::yes);
  }

  void scan_escape() {
    std::uint32_t begin = at_;
    std::uint32_t digits = 0, base = 16, most = 0x10FFFF;
    switch (rune_) {
      case 'a':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
      case 'v':
      case '\\':
      case '"': advance(); return;
      case 'x': digits = 2; break;
      case 'u': digits = 4; break;
      case 'U': digits = 8; break;
      case kEnd: error(begin, "escape sequence not terminated"); return;
      default:
        if (rune_ < '0' || rune_ > '7') {
          error(begin,
                "unknown escape sequence: a backslash itself is written \\\\, or the text stands in "
                "backquotes");
          return;
        }
        digits = 3;
        base = 8;
        most = 255;
    }
    if (base == 16) advance();
    std::uint64_t code = 0;
    for (; digits > 0; --digits) {
      std::uint32_t value = digit_value(rune_);
      if (value >= base) {
        if (rune_ == kEnd) return error(at_, "escape sequence not terminated");
        return error({begin, at_ + size_},
                     fmt::format("illegal character {} in escape sequence", name_rune(rune_)));
      }
      code = code * base + value;
      advance();
    }
    if (code > most || (code >= 0xD800 && code <= 0xDFFF)) {
      error(Span{begin, at_}, "escape sequence is invalid Unicode code point");
    }
  }

  void scan_single_quoted(std::uint32_t begin) {
    advance();
    while (rune_ != '\'' && rune_ != '\n' && rune_ != kEnd) advance();
    std::string_view inside = text_.substr(begin + 1, at_ - begin - 1);
    if (rune_ == '\'') advance();
    error(Span{begin, at_}, inside.size() > 40
                                ? "strings are written in double quotes"
                                : fmt::format("strings are written in double quotes: {}", quote(inside)));
    emit(TokenKind::illegal, begin, Armed::yes);
  }

  void scan_raw_string(std::uint32_t begin) {
    advance();
    for (skip(kInRawString); rune_ != '`' && rune_ != kEnd; skip(kInRawString)) advance();
    if (rune_ == kEnd) {
      error(begin, "raw string literal not terminated: the closing ` is missing");
    } else {
      advance();
    }
    emit(TokenKind::string, begin, Armed::yes);
  }

  void scan_slash(std::uint32_t begin) {
    advance();
    if (rune_ != '/' && rune_ != '*') return emit(TokenKind::divide, begin, Armed::no);
    if (armed_ == Armed::yes && comment_ends_line(begin)) {
      // The comment itself comes with the next scan.
      at_ = begin;
      read();
      return emit_terminator(begin);
    }
    if (take('/')) {
      for (skip(kInLine); rune_ != '\n' && rune_ != kEnd; skip(kInLine)) advance();
      return emit(TokenKind::comment, begin, Armed::no);
    }
    advance();
    for (skip(kInBlockComment); rune_ != kEnd; skip(kInBlockComment)) {
      bool star = rune_ == '*';
      advance();
      if (star && take('/')) return emit(TokenKind::comment, begin, Armed::no);
    }
    error(Span{begin, begin + 2}, "comment not terminated: the closing */ is missing");
    emit(TokenKind::comment, begin, Armed::no);
  }

  // Whether nothing but comments and blanks follows on the line that the comment at `begin` ends on.
  bool comment_ends_line(std::uint32_t begin) const {
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
  void scan_hash(std::uint32_t begin) {
    while (rune_ != '\n' && rune_ != kEnd) advance();
    error(begin, "illegal character '#': comments begin with //");
    if (armed_ == Armed::yes) out_.tokens.push_back({TokenKind::terminator, {begin, begin}});
    emit(TokenKind::comment, begin, Armed::no);
  }

  void scan_operator(std::uint32_t begin) {
    using enum TokenKind;
    std::uint32_t first = rune_;
    // read() has reported it.
    bool is_reported = first == 0 || first == 0xFEFF || (first == kReplacement && size_ == 1);
    advance();
    switch (first) {
      case '{': return emit(open_brace, begin, Armed::no);
      case '}': return emit(close_brace, begin, Armed::yes);
      case '(': return emit(open_paren, begin, Armed::no);
      case ')': return emit(close_paren, begin, Armed::yes);
      case '[': return emit(open_bracket, begin, Armed::no);
      case ']': return emit(close_bracket, begin, Armed::yes);
      case ',': return emit(comma, begin, Armed::no);
      case '+': return emit(add, begin, Armed::no);
      case '-': return emit(subtract, begin, Armed::no);
      case '*': return emit(multiply, begin, Armed::no);
      case '%': return emit(remainder, begin, Armed::no);
      case '^': return emit(power, begin, Armed::no);
      case '=': return emit(take('=') ? equal : assign, begin, Armed::no);
      case '!': return emit(take('=') ? not_equal : logical_not, begin, Armed::no);
      case '<': return emit(take('=') ? less_equal : less, begin, Armed::no);
      case '>': return emit(take('=') ? greater_equal : greater, begin, Armed::no);
      case '|': return scan_doubled('|', logical_or, begin);
      case '&': return scan_doubled('&', logical_and, begin);
      default: break;
    }
    if (!is_reported) report_illegal(begin, first);
    emit(illegal, begin, armed_);
  }

  void scan_doubled(char c, TokenKind kind, std::uint32_t begin) {
    if (!take(c)) error(at_, fmt::format("expected {0}{0}, got a single {0}", c));
    emit(kind, begin, Armed::no);
  }

  void report_illegal(std::uint32_t begin, std::uint32_t rune) {
    std::string_view hint = hint_of_illegal(rune, text_.substr(at_), dialect_of_file(source_->name()));
    error(Span{begin, at_}, fmt::format("illegal character {}{}", name_rune(rune), hint));
  }

  const SourcePtr& source_;
  std::string_view text_;
  std::uint32_t at_ = 0;
  std::uint32_t rune_ = kEnd;
  std::uint32_t size_ = 0;
  Armed armed_ = Armed::no;
  Tokens out_;
};

}  // namespace

std::string_view to_string(TokenKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

Tokens lex(const SourcePtr& source) {
  return Lexer(source).run();
}

}  // namespace weir::lang
