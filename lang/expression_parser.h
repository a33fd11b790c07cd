// ExpressionParser: the part of the parser that reads expressions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lang/token_cursor.h"

namespace weir::lang {

// An expression and the height of its tree. Null where the text was wrong: an error has been reported.
struct Parsed {
  ExprPtr expr;
  int height = 1;
};

class ExpressionParser : protected TokenCursor {
 protected:
  using TokenCursor::TokenCursor;

  Parsed parse_expression();

 private:
  Parsed parse_binary(int lowest);
  // Long chains nest as well: a + b + c is a tree of height 3.
  int grow(int height);
  Parsed parse_unary();
  Parsed parse_postfix();
  Parsed parse_access(Parsed object);
  Parsed parse_index(Parsed object);
  Parsed parse_call(Parsed function);
  Parsed parse_primary();
  template <class Node>
  Parsed leaf(Node node);
  void skip_in_expression() { skip_to(terminator, close_paren, close_brace, close_bracket, comma); }
  Parsed parse_paren();
  Parsed parse_array();
  Parsed parse_object();
  std::optional<ObjectField> parse_field(int& height);
  std::vector<ExprPtr> parse_list(TokenKind close, Span open, int& height);
  // False when the list cannot be read on.
  bool take_comma(std::string_view list, TokenKind close, Span open);
  bool is_left_open(TokenKind close) const;
  // Whether the next element begins here, as if there were a comma.
  static bool starts_element(TokenKind kind, TokenKind close);
  // Whether this, behind an identifier, makes it the head of a statement rather than an element.
  static bool starts_statement(TokenKind kind);
};

}  // namespace weir::lang
