// Tokens: the words of a config text, and what they say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lang/source.h"

namespace weir::lang {

enum class TokenKind : std::uint8_t {
  illegal,
  end_of_file,
  comment,
  terminator,
  identifier,
  boolean,
  null,
  number,
  floating,
  string,
  logical_or,
  logical_and,
  logical_not,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  remainder,
  power,
  assign,
  open_brace,
  close_brace,
  open_paren,
  close_paren,
  open_bracket,
  close_bracket,
  comma,
  dot,
};

// "IDENT", "TERMINATOR", "||", "{".
std::string_view to_string(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::end_of_file;
  Span span;
};

// What a comment says to tools: without carriage returns (except where dropping one would close the comment).
std::string comment_text(std::string_view comment);

// The value of a string token. The token must be well-formed.
std::string unquote(std::string_view literal);

}  // namespace weir::lang
