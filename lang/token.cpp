#include "lang/token.h"

#include <array>
#include <cstdint>

#include "lang/text.h"

namespace weir::lang {
namespace {

constexpr std::array<std::string_view, 34> kNames = {
    "ILLEGAL", "EOF", "COMMENT", "TERMINATOR", "IDENT", "BOOL", "NULL", "NUMBER", "FLOAT",
    "STRING",  "||",  "&&",      "!",          "==",    "!=",   "<",    "<=",     ">",
    ">=",      "+",   "-",       "*",          "/",     "%",    "^",    "=",      "{",
    "}",       "(",   ")",       "[",          "]",     ",",    "."};

std::uint32_t digit_value(unsigned char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return (digit | 0x20u) - 'a' + 10;
}

void append_escape(std::string& out, std::string_view literal, std::size_t& at) {
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"";
  char c = literal[at];
  if (std::size_t simple = kLetters.find(c); simple != std::string_view::npos) {
    out += kValues[simple];
    ++at;
    return;
  }
  std::uint32_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 3;
  std::uint32_t base = digits == 3 ? 8 : 16;
  if (digits != 3) ++at;
  std::uint32_t code = 0;
  for (; digits > 0 && at < literal.size(); --digits, ++at) {
    code = code * base + digit_value(static_cast<unsigned char>(literal[at]));
  }
  // Octal and \x give a byte as it is, the others a rune.
  if (c == 'u' || c == 'U') {
    append_utf8(out, code);
  } else {
    out += static_cast<char>(code);
  }
}

}  // namespace

std::string_view to_string(TokenKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::string comment_text(std::string_view comment) {
  if (!comment.contains('\r')) return std::string(comment);
  bool is_block = comment.starts_with("/*");
  std::string out;
  for (std::size_t i = 0; i < comment.size(); ++i) {
    bool would_close =
        is_block && out.size() > 2 && out.back() == '*' && comment.substr(i + 1).starts_with('/');
    if (comment[i] != '\r' || would_close) out += comment[i];
  }
  return out;
}

std::string unquote(std::string_view literal) {
  std::string out;
  if (literal.size() < 2) return out;
  std::string_view inside = literal.substr(1, literal.size() - 2);
  bool raw = literal[0] == '`';
  if (!inside.contains(raw ? '\r' : '\\')) return std::string(inside);
  for (std::size_t at = 0; at < inside.size();) {
    char c = inside[at++];
    if (!raw && c == '\\' && at < inside.size()) {
      append_escape(out, inside, at);
    } else if (!raw || c != '\r') {
      out += c;
    }
  }
  return out;
}

}  // namespace weir::lang
