#include "lang/parser.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "lang/lexer.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

using enum TokenKind;

// An expression and the height of its tree. Null where the text was wrong: an error has been reported.
struct Parsed {
  ExprPtr expr;
  int height = 1;
};

struct Binary {
  BinaryOp op;
  int precedence;
};

std::optional<Binary> binary_of(TokenKind kind) {
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

class Parser {
 public:
  Parser(SourcePtr source, Tokens tokens) : source_(std::move(source)), errors_(std::move(tokens.errors)) {
    for (const Token& token : tokens.tokens) {
      if (token.kind == comment) {
        comments_.push_back({token.span, comment_text(source_->text(token.span))});
      } else {
        tokens_.push_back(token);
      }
    }
    for (const Diagnostic& error : errors_) lexical_.push_back(error.span.begin);
  }

  std::expected<File, Diagnostics> file() {
    File file{source_, parse_body(end_of_file), std::move(comments_)};
    if (!errors_.empty()) return std::unexpected(take_errors());
    return file;
  }

  std::expected<ExprPtr, Diagnostics> expression() {
    Parsed parsed = parse_expression();
    if (kind() != terminator) expected("the end of the line");
    // What stands behind the expression is not looked at.
    std::uint32_t end = token().span.begin;
    std::erase_if(errors_, [&](const Diagnostic& error) { return error.span.begin > end; });
    if (!errors_.empty()) return std::unexpected(take_errors());
    return std::move(parsed.expr);
  }

 private:
  // One level of blocks or brackets on the way down.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxNesting) parser_.too_deep();
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  // ---- tokens ----

  const Token& token() const { return tokens_[at_]; }
  TokenKind kind() const { return tokens_[at_].kind; }
  std::string_view text() const { return source_->text(token().span); }
  std::uint32_t begin() const { return token().span.begin; }
  // Of the last token taken.
  std::uint32_t end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].span.end; }
  TokenKind peek(std::size_t distance = 1) const {
    return tokens_[std::min(at_ + distance, tokens_.size() - 1)].kind;
  }

  Span next() {
    Span span = token().span;
    if (at_ + 1 < tokens_.size()) ++at_;
    return span;
  }

  std::string token_name() const {
    switch (kind()) {
      case terminator: return "the end of the line";
      case end_of_file: return "the end of the file";
      case identifier: return fmt::format("identifier {}", text());
      case number:
      case floating: return fmt::format("number {}", text());
      case string: return text().size() > 40 ? "a string" : fmt::format("string {}", text());
      case boolean:
      case null: return std::string(text());
      default: return std::string(to_string(kind()));
    }
  }

  // ---- errors ----

  Diagnostics take_errors() {
    sort_by_place(errors_);
    if (errors_.size() >= kMostSyntaxErrors) {
      errors_.push_back(
          {Severity::error, source_, errors_.back().span, "too many errors: the rest is not shown", {}});
    }
    return std::move(errors_);
  }

  void error(Span span, std::string message) {
    if (given_up_ || errors_.size() >= kMostSyntaxErrors) return;
    errors_.push_back({Severity::error, source_, span, std::move(message), {}});
  }

  // One wrong token leads to many: the first error of a line is kept, and none where the lexer has
  // already said what is wrong with the line.
  void syntax_error(Span span, std::string message) {
    if (given_up_) return;
    std::uint32_t line = source_->position(span.begin).line;
    if (line == last_error_line_) return;
    last_error_line_ = line;
    auto after = std::upper_bound(lexical_.begin(), lexical_.end(), span.begin);
    if (after != lexical_.begin() && source_->position(*std::prev(after)).line == line) return;
    error(span, std::move(message));
  }

  Span here() const {
    Span span = token().span;
    if (span.begin == span.end && span.end < source_->text().size()) ++span.end;
    return span;
  }

  void expected(std::string_view what) {
    syntax_error(here(), fmt::format("expected {}, got {}", what, token_name()));
  }

  void too_deep() {
    error(token().span, fmt::format("nested deeper than {} levels", kMaxNesting));
    given_up_ = true;
    at_ = tokens_.size() - 1;
  }

  // The closing bracket of what was opened at `open`.
  Span expect_close(TokenKind close, Span open) {
    if (kind() == close) return next();
    if (kind() != end_of_file) {
      expected(to_string(close));
      return token().span;
    }
    std::size_t count = errors_.size();
    syntax_error(here(), fmt::format("expected {}, got the end of the file", to_string(close)));
    if (errors_.size() > count) {
      errors_.back().notes.push_back(
          {source_, open, fmt::format("this {} is not closed", source_->text(open))});
    }
    return token().span;
  }

  template <class... Kinds>
  void skip_to(Kinds... kinds) {
    while (kind() != end_of_file && ((kind() != kinds) && ...)) next();
  }

  // To the terminator that ends the statement, or the brace that ends its block; brackets opened on the way
  // are passed over.
  void skip_statement() {
    int open = 0;
    for (; kind() != end_of_file; next()) {
      if (kind() == open_brace || kind() == open_bracket || kind() == open_paren) ++open;
      if (kind() == close_brace && open <= 0) return;
      if (kind() == close_brace || kind() == close_bracket || kind() == close_paren) --open;
      if (kind() == terminator && open <= 0) return;
    }
  }

  // ---- statements ----

  Body parse_body(TokenKind until) {
    Body body;
    while (kind() != until && kind() != end_of_file) {
      if (auto statement = parse_statement()) body.statements.push_back(*std::move(statement));
      if (kind() == until || kind() == end_of_file) break;
      if (std::exchange(value_is_missing_, false)) continue;
      if (kind() != terminator) {
        expect_line_end();
        skip_statement();
        if (kind() == until) break;
      }
      next();
    }
    return body;
  }

  void expect_line_end() {
    // 15s without quotes is a number and a name that touch.
    bool is_text = kind() == identifier && at_ > 0 && end() == begin() &&
                   (tokens_[at_ - 1].kind == number || tokens_[at_ - 1].kind == floating);
    if (!is_text) return expected("the end of the line");
    std::string written(source_->text({tokens_[at_ - 1].span.begin, token().span.end}));
    syntax_error(here(),
                 fmt::format("expected the end of the line, got {}: durations and other text stand in "
                             "double quotes, \"{}\"",
                             token_name(), written));
  }

  struct Head {
    std::vector<std::string> parts;
    std::string label;
    Span name_span, label_span;
    bool has_label = false;
  };

  std::optional<Statement> parse_statement() {
    std::optional<Head> head = parse_head();
    if (!head) return std::nullopt;
    if (kind() == assign) return parse_attribute(*std::move(head));
    if (kind() == open_brace) return parse_block(*std::move(head));
    bool may_be_attribute = head->parts.size() == 1 && !head->has_label;
    if (kind() != illegal || !may_be_attribute) {
      expected(may_be_attribute ? "attribute assignment (=) or block body ({)" : "block body ({)");
    } else {
      expected("attribute assignment (=)");
    }
    skip_statement();
    return std::nullopt;
  }

  std::optional<Head> parse_head() {
    if (kind() != identifier) {
      expected("the name of an attribute or block");
      next();
      skip_to(identifier, close_brace, terminator);
      return std::nullopt;
    }
    Head head;
    head.name_span = token().span;
    head.parts.emplace_back(text());
    next();
    while (kind() == dot) {
      next();
      if (kind() != identifier) {
        expected("identifier");
        skip_statement();
        return std::nullopt;
      }
      head.parts.emplace_back(text());
      head.name_span.end = token().span.end;
      next();
    }
    if (kind() == assign || kind() == open_brace) return head;
    return parse_label(std::move(head));
  }

  std::optional<Head> parse_label(Head head) {
    if (kind() == string) {
      head.has_label = true;
      head.label_span = token().span;
      std::string_view literal = text();
      if (literal[0] == '`') {
        error(token().span,
              fmt::format("expected block label to be a double quoted string, but got {}", literal));
      } else if (literal.size() > 2) {
        head.label = literal.substr(1, literal.size() - 2);
        if (!is_identifier(head.label) || head.label == "true" || head.label == "false" ||
            head.label == "null") {
          error(
              token().span,
              fmt::format("expected block label to be a valid identifier (letters, digits and _), but got {}",
                          literal));
        }
      }
      next();
      return head;
    }
    if (kind() == identifier && peek() == open_brace) {
      syntax_error(
          token().span,
          fmt::format("expected block label in double quotes: write \"{0}\" instead of {0}", text()));
      next();
      return head;
    }
    if (kind() == terminator || kind() == end_of_file || kind() == close_brace || kind() == illegal) {
      return head;  // parse_statement says what is missing
    }
    if (head.parts.size() == 1) {
      syntax_error(here(),
                   fmt::format("expected attribute assignment (=), block label or block body ({{), got {}",
                               token_name()));
    } else {
      syntax_error(here(), fmt::format("expected block label, got {}", token_name()));
    }
    skip_statement();
    return std::nullopt;
  }

  std::optional<Statement> parse_attribute(Head head) {
    std::string_view hint = peek() == open_brace ? ": a block is written without =" : "";
    if (head.parts.size() > 1) {
      error(head.name_span,
            fmt::format("attribute names may only consist of a single identifier with no \".\"{}", hint));
    } else if (head.has_label) {
      error(head.label_span, fmt::format("attribute names may not have labels{}", hint));
    }
    Span assign_span = next();
    bool is_object = kind() == open_brace;
    std::size_t errors_before = errors_.size();
    if (kind() == identifier && peek() == assign && is_on_later_line(assign_span)) {
      // The next line is the next attribute.
      syntax_error(assign_span, fmt::format("the value of \"{}\" is missing", head.parts[0]));
      value_is_missing_ = true;
      return std::nullopt;
    }
    Parsed value = parse_expression();
    if (is_object && errors_.size() > errors_before) {
      errors_[errors_before].notes.push_back(
          {source_, assign_span, fmt::format("if {} is a block, it is written without =", head.parts[0])});
    }
    if (value.expr && (kind() == open_brace || (kind() == string && peek() == open_brace))) {
      return refuse_block(value.expr->span.begin);
    }
    if (!value.expr) {
      if (kind() != terminator && kind() != close_brace) skip_statement();
      return std::nullopt;
    }
    Span span{head.name_span.begin, value.expr->span.end};
    return Attribute{std::move(head.parts[0]), head.name_span, std::move(value.expr), span};
  }

  bool is_on_later_line(Span before) const {
    return source_->position(begin()).line > source_->position(before.begin).line;
  }

  // a = b "label" { … }
  std::optional<Statement> refuse_block(std::uint32_t begin) {
    if (kind() == string) next();
    Level level(*this);
    Span open = next();
    parse_body(close_brace);
    expect_close(close_brace, open);
    error({begin, end()}, "cannot use a block as an expression");
    return std::nullopt;
  }

  std::optional<Statement> parse_block(Head head) {
    Level level(*this);
    auto block = std::make_unique<Block>();
    for (const std::string& part : head.parts) block->name += (block->name.empty() ? "" : ".") + part;
    block->name_parts = std::move(head.parts);
    block->label = std::move(head.label);
    block->name_span = head.name_span;
    block->label_span = head.label_span;
    block->open = next();
    block->body = parse_body(close_brace);
    block->close = expect_close(close_brace, block->open);
    block->span = {block->name_span.begin, block->close.end};
    return block;
  }

  // ---- expressions ----

  Parsed parse_expression() { return parse_binary(1); }

  Parsed parse_binary(int lowest) {
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

  // Long chains nest as well: a + b + c is a tree of height 3.
  int grow(int height) {
    if (height + 1 > kMaxNesting && !given_up_) too_deep();
    return height + 1;
  }

  Parsed parse_unary() {
    if (kind() != logical_not && kind() != subtract) return parse_postfix();
    Level level(*this);
    UnaryOp op = kind() == subtract ? UnaryOp::negate : UnaryOp::logical_not;
    Span op_span = next();
    Parsed operand = parse_unary();
    if (!operand.expr) return {};
    Span span{op_span.begin, operand.expr->span.end};
    return make(UnaryExpr{op, op_span, std::move(operand.expr)}, span, grow(operand.height));
  }

  Parsed parse_postfix() {
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

  Parsed parse_access(Parsed object) {
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

  Parsed parse_index(Parsed object) {
    Level level(*this);
    Span open = next();
    Parsed index = parse_expression();
    Span close = expect_close(close_bracket, open);
    if (!index.expr) return {};
    Span span{object.expr->span.begin, close.end};
    int height = grow(std::max(object.height, index.height));
    return make(IndexExpr{std::move(object.expr), std::move(index.expr), open, close}, span, height);
  }

  Parsed parse_call(Parsed function) {
    Level level(*this);
    Span open = next();
    int height = function.height;
    auto arguments = parse_list(close_paren, height);
    Span close = expect_close(close_paren, open);
    Span span{function.expr->span.begin, close.end};
    return make(CallExpr{std::move(function.expr), std::move(arguments), open, close}, span, grow(height));
  }

  Parsed parse_primary() {
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
    expected("expression");
    skip_in_expression();
    return {};
  }

  template <class Node>
  Parsed leaf(Node node) {
    return make(std::move(node), next(), 1);
  }

  void skip_in_expression() { skip_to(terminator, close_paren, close_brace, close_bracket, comma); }

  Parsed parse_paren() {
    Level level(*this);
    Span open = next();
    Parsed inner = parse_expression();
    Span close = expect_close(close_paren, open);
    if (!inner.expr) return {};
    return make(ParenExpr{std::move(inner.expr)}, {open.begin, close.end}, grow(inner.height));
  }

  Parsed parse_array() {
    Level level(*this);
    Span open = next();
    int height = 1;
    auto elements = parse_list(close_bracket, height);
    Span close = expect_close(close_bracket, open);
    return make(ArrayExpr{std::move(elements), open, close}, {open.begin, close.end}, grow(height));
  }

  Parsed parse_object() {
    Level level(*this);
    Span open = next();
    int height = 1;
    std::vector<ObjectField> fields;
    while (kind() != close_brace && kind() != end_of_file) {
      if (auto field = parse_field(height)) fields.push_back(*std::move(field));
      if (kind() == close_brace) break;
      if (!take_comma("field list", close_brace)) break;
    }
    Span close = expect_close(close_brace, open);
    return make(ObjectExpr{std::move(fields), open, close}, {open.begin, close.end}, grow(height));
  }

  std::optional<ObjectField> parse_field(int& height) {
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

  std::vector<ExprPtr> parse_list(TokenKind close, int& height) {
    std::vector<ExprPtr> elements;
    while (kind() != close && kind() != end_of_file) {
      Parsed element = parse_expression();
      if (element.expr) {
        height = std::max(height, element.height);
        elements.push_back(std::move(element.expr));
      }
      if (kind() == close) break;
      if (!take_comma("expression list", close)) break;
    }
    return elements;
  }

  // False when the list cannot be read on.
  bool take_comma(std::string_view list, TokenKind close) {
    if (kind() == comma) {
      next();
      return true;
    }
    bool at_line_end = kind() == terminator;
    syntax_error(here(), fmt::format("missing ',' in {}{}", list,
                                     at_line_end ? ": a line inside brackets ends with a comma" : ""));
    if (at_line_end && peek() != end_of_file) {
      if (close != close_brace && peek() == identifier && starts_statement(peek(2))) return false;
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

  // Whether the next element begins here, as if there were a comma.
  static bool starts_element(TokenKind kind, TokenKind close) {
    if (kind == identifier || kind == string) return true;
    bool is_value = kind == number || kind == floating || kind == boolean || kind == null ||
                    kind == open_brace || kind == open_bracket || kind == open_paren;
    return is_value && close != close_brace;
  }

  // Whether this, behind an identifier, makes it the head of a statement rather than an element.
  static bool starts_statement(TokenKind kind) {
    return kind == assign || kind == open_brace || kind == string;
  }

  SourcePtr source_;
  std::vector<Token> tokens_;  // without the comments
  std::vector<Comment> comments_;
  Diagnostics errors_;
  std::vector<std::uint32_t> lexical_;  // where the lexer's errors stand
  std::size_t at_ = 0;
  std::uint32_t last_error_line_ = 0;
  int depth_ = 0;
  bool given_up_ = false;
  bool value_is_missing_ = false;  // of the attribute just parsed: the next one follows without a terminator
};

bool is_too_big(const Source& source) {
  return source.text().size() >= std::numeric_limits<std::uint32_t>::max();
}

Diagnostics too_big(const SourcePtr& source) {
  return {{Severity::error, source, {}, "the text is too big (4 GB and more)", {}}};
}

}  // namespace

std::string_view to_string(UnaryOp op) {
  return op == UnaryOp::negate ? "-" : "!";
}

std::string_view to_string(BinaryOp op) {
  constexpr std::string_view kNames[] = {"||", "&&", "==", "!=", "<", "<=", ">",
                                         ">=", "+",  "-",  "*",  "/", "%",  "^"};
  return kNames[static_cast<std::size_t>(op)];
}

std::expected<File, Diagnostics> parse(SourcePtr source) {
  if (is_too_big(*source)) return std::unexpected(too_big(source));
  Tokens tokens = lex(source);
  return Parser(std::move(source), std::move(tokens)).file();
}

std::expected<ExprPtr, Diagnostics> parse_expression(SourcePtr source) {
  if (is_too_big(*source)) return std::unexpected(too_big(source));
  Tokens tokens = lex(source);
  return Parser(std::move(source), std::move(tokens)).expression();
}

}  // namespace weir::lang
