// ExpressionParser: the part of the parser that reads expressions.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lang/token_cursor.h"

namespace weir::lang {

// An expression and the height of its tree. Null where the text was wrong: an error has been reported.
struct Parsed {
  const Expr* expr = nullptr;
  int height = 1;
};

class ExpressionParser : protected TokenCursor {
 protected:
  using TokenCursor::TokenCursor;

  Parsed parse_expression();
  // What was put on the stack since there were `first` on it.
  template <class T>
  std::span<const T> take_from(std::vector<T>& stack, std::size_t first) {
    std::span<const T> taken = arena_->copy(std::span<const T>(stack).subspan(first));
    stack.resize(first);
    return taken;
  }

  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();  // of the tree

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
  Parsed make(const Node& node, Span span, int height);
  template <class Node>
  Parsed leaf(const Node& node);
  void skip_in_expression() { skip_to(terminator, close_paren, close_brace, close_bracket, comma); }
  Parsed parse_paren();
  Parsed parse_array();
  Parsed parse_object();
  std::optional<ObjectField> parse_field(int& height);
  Exprs parse_list(TokenKind close, Span open, int& height);
  // False when the list cannot be read on.
  bool take_comma(std::string_view list, TokenKind close, Span open);
  bool is_left_open(TokenKind close) const;
  // Whether the next element begins here, as if there were a comma.
  static bool starts_element(TokenKind kind, TokenKind close);
  // Whether this, behind an identifier, makes it the head of a statement rather than an element.
  static bool starts_statement(TokenKind kind);

  // Of the lists that are being read, one in the other.
  std::vector<const Expr*> elements_;
  std::vector<ObjectField> fields_;
};

}  // namespace weir::lang
