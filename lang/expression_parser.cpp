#include "lang/expression_parser.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace weir::lang {
namespace {

struct Binary {
  BinaryOp op;
  int precedence;
};

std::optional<Binary> binary_of(TokenKind kind) {
  using enum TokenKind;
  switch (kind) {
    case logical_or: return Binary{BinaryOp::logical_or, 1};
    case logical_and: return Binary{BinaryOp::logical_and, 2};
    case equal: return Binary{BinaryOp::equal, 3};
    case not_equal: return Binary{BinaryOp::not_equal, 3};
    case less: return Binary{BinaryOp::less, 3};
    case less_equal: return Binary{BinaryOp::less_equal, 3};
    case greater: return Binary{BinaryOp::greater, 3};
    case greater_equal: return Binary{BinaryOp::greater_equal, 3};
    case add: return Binary{BinaryOp::add, 4};
    case subtract: return Binary{BinaryOp::subtract, 4};
    case multiply: return Binary{BinaryOp::multiply, 5};
    case divide: return Binary{BinaryOp::divide, 5};
    case remainder: return Binary{BinaryOp::remainder, 5};
    case power: return Binary{BinaryOp::power, 6};
    default: return std::nullopt;
  }
}

template <class Node>
Parsed make(Node node, Span span, int height) {
  return {std::make_unique<Expr>(Expr{std::move(node), span}), height};
}

}  // namespace

Parsed ExpressionParser::parse_expression() {
  return parse_binary(1);
}

template <class Node>
Parsed ExpressionParser::leaf(Node node) {
  return make(std::move(node), next(), 1);
}

Parsed ExpressionParser::parse_binary(int lowest) {
  Parsed left = parse_unary();
  for (;;) {
    auto binary = binary_of(kind());
    if (!left.expr || !binary || binary->precedence < lowest) return left;
    Span op_span = next();
    // Only the power groups from the right.
    bool groups_right = binary->op == BinaryOp::power;
    Parsed right;
    {
      Level level(*this);
      right = parse_binary(groups_right ? binary->precedence : binary->precedence + 1);
    }
    if (!right.expr) return {};
    Span span{left.expr->span.begin, right.expr->span.end};
    int height = grow(std::max(left.height, right.height));
    left = make(BinaryExpr{binary->op, op_span, std::move(left.expr), std::move(right.expr)}, span, height);
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
  return make(UnaryExpr{op, op_span, std::move(operand.expr)}, span, grow(operand.height));
}

Parsed ExpressionParser::parse_postfix() {
  Parsed left = parse_primary();
  while (left.expr) {
    switch (kind()) {
      case dot: left = parse_access(std::move(left)); break;
      case open_bracket: left = parse_index(std::move(left)); break;
      case open_paren: left = parse_call(std::move(left)); break;
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
  std::string name(text());
  Span name_span = next();
  Span span{object.expr->span.begin, name_span.end};
  return make(AccessExpr{std::move(object.expr), std::move(name), name_span}, span, grow(object.height));
}

Parsed ExpressionParser::parse_index(Parsed object) {
  Level level(*this);
  Span open = next();
  Parsed index = parse_expression();
  Span close = expect_close(close_bracket, open);
  if (!index.expr) return {};
  Span span{object.expr->span.begin, close.end};
  int height = grow(std::max(object.height, index.height));
  return make(IndexExpr{std::move(object.expr), std::move(index.expr), open, close}, span, height);
}

Parsed ExpressionParser::parse_call(Parsed function) {
  Level level(*this);
  Span open = next();
  int height = function.height;
  auto arguments = parse_list(close_paren, open, height);
  Span close = expect_close(close_paren, open);
  Span span{function.expr->span.begin, close.end};
  return make(CallExpr{std::move(function.expr), std::move(arguments), open, close}, span, grow(height));
}

Parsed ExpressionParser::parse_primary() {
  switch (kind()) {
    case identifier: return leaf(Identifier{std::string(text())});
    case string: return leaf(Literal{Literal::Kind::string, std::string(text())});
    case number: return leaf(Literal{Literal::Kind::number, std::string(text())});
    case floating: return leaf(Literal{Literal::Kind::floating, std::string(text())});
    case boolean: return leaf(Literal{Literal::Kind::boolean, std::string(text())});
    case null: return leaf(Literal{Literal::Kind::null, std::string(text())});
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
  return make(ParenExpr{std::move(inner.expr)}, {open.begin, close.end}, grow(inner.height));
}

Parsed ExpressionParser::parse_array() {
  Level level(*this);
  Span open = next();
  int height = 1;
  auto elements = parse_list(close_bracket, open, height);
  Span close = expect_close(close_bracket, open);
  return make(ArrayExpr{std::move(elements), open, close}, {open.begin, close.end}, grow(height));
}

Parsed ExpressionParser::parse_object() {
  Level level(*this);
  Span open = next();
  int height = 1;
  std::vector<ObjectField> fields;
  while (kind() != close_brace && kind() != end_of_file) {
    if (auto field = parse_field(height)) fields.push_back(*std::move(field));
    if (kind() == close_brace) break;
    if (!take_comma("field list", close_brace, open)) break;
  }
  Span close = expect_close(close_brace, open);
  return make(ObjectExpr{std::move(fields), open, close}, {open.begin, close.end}, grow(height));
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
  field.value = std::move(value.expr);
  return field;
}

std::vector<ExprPtr> ExpressionParser::parse_list(TokenKind close, Span open, int& height) {
  std::vector<ExprPtr> elements;
  while (kind() != close && kind() != end_of_file) {
    Parsed element = parse_expression();
    if (element.expr) {
      height = std::max(height, element.height);
      elements.push_back(std::move(element.expr));
    }
    if (kind() == close) break;
    if (!take_comma("expression list", close, open)) break;
  }
  return elements;
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
  return peek() == close_brace || (peek() == identifier && starts_statement(peek(2)));
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
