#include "lang/expression_parser.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

namespace weir::lang {
namespace {

struct Binary {
  BinaryOp op = BinaryOp::add;
  int precedence = 0;  // 0: no operator
};

Binary binary_of(TokenKind kind) {
  using enum TokenKind;
  switch (kind) {
    case logical_or: return {BinaryOp::logical_or, 1};
    case logical_and: return {BinaryOp::logical_and, 2};
    case equal: return {BinaryOp::equal, 3};
    case not_equal: return {BinaryOp::not_equal, 3};
    case less: return {BinaryOp::less, 3};
    case less_equal: return {BinaryOp::less_equal, 3};
    case greater: return {BinaryOp::greater, 3};
    case greater_equal: return {BinaryOp::greater_equal, 3};
    case add: return {BinaryOp::add, 4};
    case subtract: return {BinaryOp::subtract, 4};
    case multiply: return {BinaryOp::multiply, 5};
    case divide: return {BinaryOp::divide, 5};
    case remainder: return {BinaryOp::remainder, 5};
    case power: return {BinaryOp::power, 6};
    default: return {};
  }
}

}  // namespace

Parsed ExpressionParser::parse_expression() {
  return parse_binary(1);
}

template <class Node>
Parsed ExpressionParser::make(const Node& node, Span span, int height) {
  return {arena_->make(Expr{node, span}), height};
}

template <class Node>
Parsed ExpressionParser::leaf(const Node& node) {
  return make(node, next(), 1);
}

Parsed ExpressionParser::parse_binary(int lowest) {
  Parsed left = parse_unary();
  for (;;) {
    Binary binary = binary_of(kind());
    if (!left.expr || binary.precedence < lowest) return left;
    Span op_span = next();
    // Only the power groups from the right.
    bool groups_right = binary.op == BinaryOp::power;
    Parsed right;
    {
      Level level(*this);
      right = parse_binary(groups_right ? binary.precedence : binary.precedence + 1);
    }
    if (!right.expr) return {};
    Span span{left.expr->span.begin, right.expr->span.end};
    int height = grow(std::max(left.height, right.height));
    left = make(BinaryExpr{binary.op, op_span, left.expr, right.expr}, span, height);
  }
}

int ExpressionParser::grow(int height) {
  if (height + 1 > kMaxNesting && !given_up_) too_deep();
  return height + 1;
}

Parsed ExpressionParser::parse_unary() {
  if (kind() != logical_not && kind() != subtract) return parse_postfix();
  Level level(*this);
  UnaryOp op = kind() == subtract ? UnaryOp::negate : UnaryOp::logical_not;
  Span op_span = next();
  Parsed operand = parse_unary();
  if (!operand.expr) return {};
  Span span{op_span.begin, operand.expr->span.end};
  return make(UnaryExpr{op, op_span, operand.expr}, span, grow(operand.height));
}

Parsed ExpressionParser::parse_postfix() {
  Parsed left = parse_primary();
  while (left.expr) {
    switch (kind()) {
      case dot: left = parse_access(left); break;
      case open_bracket: left = parse_index(left); break;
      case open_paren: left = parse_call(left); break;
      default: return left;
    }
  }
  return left;
}

Parsed ExpressionParser::parse_access(Parsed object) {
  next();
  if (kind() != identifier) {
    expected("identifier");
    skip_in_expression();
    return {};
  }
  std::string_view name = text();
  Span name_span = next();
  Span span{object.expr->span.begin, name_span.end};
  return make(AccessExpr{object.expr, name, name_span}, span, grow(object.height));
}

Parsed ExpressionParser::parse_index(Parsed object) {
  Level level(*this);
  Span open = next();
  Parsed index = parse_expression();
  Span close = expect_close(close_bracket, open);
  if (!index.expr) return {};
  Span span{object.expr->span.begin, close.end};
  int height = grow(std::max(object.height, index.height));
  return make(IndexExpr{object.expr, index.expr, open, close}, span, height);
}

Parsed ExpressionParser::parse_call(Parsed function) {
  Level level(*this);
  Span open = next();
  int height = function.height;
  Exprs arguments = parse_list(close_paren, open, height);
  Span close = expect_close(close_paren, open);
  Span span{function.expr->span.begin, close.end};
  return make(CallExpr{function.expr, arguments, open, close}, span, grow(height));
}

Parsed ExpressionParser::parse_primary() {
  switch (kind()) {
    case identifier: return leaf(Identifier{text()});
    case string: return leaf(Literal{Literal::Kind::string, text()});
    case number: return leaf(Literal{Literal::Kind::number, text()});
    case floating: return leaf(Literal{Literal::Kind::floating, text()});
    case boolean: return leaf(Literal{Literal::Kind::boolean, text()});
    case null: return leaf(Literal{Literal::Kind::null, text()});
    case open_paren: return parse_paren();
    case open_bracket: return parse_array();
    case open_brace: return parse_object();
    default: break;
  }
  expected("expression", kind() == less && peek() == less
                             ? ": text of several lines stands in backquotes, `…`"
                             : std::string_view());
  skip_in_expression();
  return {};
}

Parsed ExpressionParser::parse_paren() {
  Level level(*this);
  Span open = next();
  Parsed inner = parse_expression();
  Span close = expect_close(close_paren, open);
  if (!inner.expr) return {};
  return make(ParenExpr{inner.expr}, {open.begin, close.end}, grow(inner.height));
}

Parsed ExpressionParser::parse_array() {
  Level level(*this);
  Span open = next();
  int height = 1;
  Exprs elements = parse_list(close_bracket, open, height);
  Span close = expect_close(close_bracket, open);
  return make(ArrayExpr{elements, open, close}, {open.begin, close.end}, grow(height));
}

Parsed ExpressionParser::parse_object() {
  Level level(*this);
  Span open = next();
  int height = 1;
  std::size_t first = fields_.size();
  while (kind() != close_brace && kind() != end_of_file) {
    if (auto field = parse_field(height)) fields_.push_back(*field);
    if (kind() == close_brace) break;
    if (!take_comma("field list", close_brace, open)) break;
  }
  Span close = expect_close(close_brace, open);
  return make(ObjectExpr{take_from(fields_, first), open, close}, {open.begin, close.end}, grow(height));
}

std::optional<ObjectField> ExpressionParser::parse_field(int& height) {
  ObjectField field;
  if (kind() != identifier && kind() != string) {
    expected("field name (string or identifier)");
    skip_in_expression();
    return std::nullopt;
  }
  std::string_view name = text();
  field.quoted = kind() == string && name.size() > 2;
  field.name = field.quoted ? name.substr(1, name.size() - 2) : name;
  field.name_span = next();
  if (kind() != assign) {
    expected("= and the field's value");
    skip_in_expression();
    return std::nullopt;
  }
  next();
  Parsed value = parse_expression();
  if (!value.expr) return std::nullopt;
  height = std::max(height, value.height);
  field.value = value.expr;
  return field;
}

Exprs ExpressionParser::parse_list(TokenKind close, Span open, int& height) {
  std::size_t first = elements_.size();
  while (kind() != close && kind() != end_of_file) {
    Parsed element = parse_expression();
    if (element.expr) {
      height = std::max(height, element.height);
      elements_.push_back(element.expr);
    }
    if (kind() == close) break;
    if (!take_comma("expression list", close, open)) break;
  }
  return take_from(elements_, first);
}

bool ExpressionParser::take_comma(std::string_view list, TokenKind close, Span open) {
  if (kind() == comma) {
    next();
    return true;
  }
  bool at_line_end = kind() == terminator;
  if (kind() == assign && source_->position(open.begin).line == source_->position(begin()).line) {
    syntax_error(here(), fmt::format("missing ',' in {}: name = value stands between {{ and }}", list));
    return false;
  }
  if (is_left_open(close)) {
    not_closed(close, open);
    return false;
  }
  syntax_error(here(), fmt::format("missing ',' in {}{}", list,
                                   at_line_end ? ": a line inside brackets ends with a comma" : ""));
  if (at_line_end && peek() != end_of_file) {
    next();
    return true;
  }
  if (!at_line_end && starts_element(kind(), close)) return true;
  skip_to(terminator, close_paren, close_brace, close_bracket, comma);
  if (kind() == comma || kind() == terminator) {
    next();
    return true;
  }
  return kind() == close;
}

// Whether what follows belongs to no list: the next statement, the end of the block or of the file.
bool ExpressionParser::is_left_open(TokenKind close) const {
  if (kind() == assign) return close != close_brace;
  if (is_closing(kind())) return kind() != close;
  if (kind() != terminator) return false;
  if (peek() == end_of_file) return true;
  if (close == close_brace) return false;
  return peek() == close_brace || (peek() == identifier && starts_statement(peek_further()));
}

bool ExpressionParser::starts_element(TokenKind kind, TokenKind close) {
  if (kind == identifier || kind == string) return true;
  bool is_value = kind == number || kind == floating || kind == boolean || kind == null ||
                  kind == open_brace || kind == open_bracket || kind == open_paren;
  return is_value && close != close_brace;
}

bool ExpressionParser::starts_statement(TokenKind kind) {
  return kind == assign || kind == open_brace || kind == string;
}

}  // namespace weir::lang
