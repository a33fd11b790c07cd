#include "lang/parser.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "lang/expression_parser.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

class Parser : ExpressionParser {
 public:
  explicit Parser(SourcePtr source) : ExpressionParser(std::move(source)) {}

  std::expected<File, Diagnostics> file() {
    Body body = parse_body(end_of_file);
    if (!is_faultless()) return std::unexpected(take_errors());
    return File{source_, body, std::move(comments_), std::move(arena_)};
  }

  std::expected<std::vector<Span>, Diagnostics> statements(const EachStatement& each) {
    each_ = &each;
    parse_body(end_of_file);
    if (!is_faultless()) return std::unexpected(take_errors());
    return std::move(comments_);
  }

  std::expected<LoneExpr, Diagnostics> expression() {
    Parsed parsed = parse_expression();
    if (kind() != terminator) expected("the end of the line");
    // What stands behind the expression is not looked at.
    std::uint32_t end = token().span.begin;
    Diagnostics errors = take_errors();
    std::erase_if(errors, [&](const Diagnostic& error) { return error.span.begin > end; });
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return LoneExpr{source_, parsed.expr, std::move(arena_)};
  }

 private:
  Body parse_body(TokenKind until) {
    std::size_t first = statements_.size();
    while (kind() != until && kind() != end_of_file) {
      if (auto statement = parse_statement()) take_statement(*statement, until);
      if (kind() == until || kind() == end_of_file) break;
      if (std::exchange(value_is_missing_, false)) continue;
      if (kind() != terminator) {
        expect_line_end();
        skip_statement();
        if (kind() == until) break;
      }
      next();
    }
    return {take_from(statements_, first)};
  }

  void take_statement(const Statement& statement, TokenKind until) {
    if (!each_ || until != end_of_file) return statements_.push_back(statement);
    if (is_faultless()) (*each_)(statement, comments_);
    arena_->clear();
  }

  void expect_line_end() { expected("the end of the line", line_end_hint()); }

  // What was meant by something behind a complete statement.
  std::string line_end_hint() const {
    bool is_number = before().kind == number || before().kind == floating;
    // 15s without quotes is a number and a name that touch.
    if (kind() == identifier && is_number && before().span.end == begin()) return touching_hint();
    if (kind() == identifier && (peek() == assign || peek() == open_brace || peek() == string)) {
      return ": each attribute and each block begins on a line of its own";
    }
    if (kind() == comma) return ": attributes are not separated by commas";
    if (kind() == string && before().kind == string) return ": texts are joined with +";
    return "";
  }

  std::string touching_hint() const {
    std::string_view written = source_->text({before().span.begin, token().span.end});
    if (written.starts_with("0x") || written.starts_with("0b") || written.starts_with("0X")) {
      return ": numbers are written in decimal";
    }
    if (text().starts_with('_')) return ": numbers are written without _";
    return fmt::format(": durations and other text stand in double quotes, \"{}\"", written);
  }

  struct Head {
    std::string_view name;  // its first part where there are several
    std::string_view label;
    Span name_span, label_span;
    bool has_label = false;
    bool is_dotted = false;
  };

  std::optional<Statement> parse_statement() {
    std::optional<Head> head = parse_head();
    if (!head) return std::nullopt;
    if (kind() == assign) return parse_attribute(*head);
    if (kind() == open_brace) return parse_block(*head);
    bool may_be_attribute = !head->is_dotted && !head->has_label;
    if (kind() != illegal || !may_be_attribute) {
      expected(may_be_attribute ? "attribute assignment (=) or block body ({)" : "block body ({)",
               body_hint(*head));
    } else {
      expected("attribute assignment (=)");
    }
    skip_statement();
    return std::nullopt;
  }

  std::string body_hint(const Head& head) const {
    if (!head.has_label) return "";
    std::string_view name = source_->text(head.name_span);
    if (kind() == string) {
      return fmt::format(": a block has one label, as in {}{}{} {} {{", name, head.label.empty() ? "" : ".",
                         head.label, text());
    }
    if (head.is_dotted || kind() == illegal) return "";
    return fmt::format(": an attribute is written {} = {}", name, source_->text(head.label_span));
  }

  std::optional<Head> parse_head() {
    if (kind() != identifier) {
      expected("the name of an attribute or block", name_hint());
      next();
      skip_to(identifier, close_brace, terminator);
      return std::nullopt;
    }
    Head head;
    head.name = text();
    head.name_span = next();
    if (kind() == dot) dotted_name_ = head.name;
    while (kind() == dot) {
      next();
      if (kind() != identifier) {
        expected("identifier");
        skip_statement();
        return std::nullopt;
      }
      head.is_dotted = true;
      (dotted_name_ += '.') += text();
      head.name_span.end = next().end;
    }
    if (kind() == assign || kind() == open_brace) return head;
    return parse_label(head);
  }

  std::string_view name_hint() const {
    if (kind() == close_brace) return ": no block is open that it would close";
    if (kind() == string && peek() == assign) return ": names stand without quotes";
    return "";
  }

  Head take_label(Head head) {
    head.has_label = true;
    head.label_span = token().span;
    std::string_view literal = text();
    // Then it is not a block that was meant, and that was said.
    bool is_value = peek() != open_brace && peek() != assign && peek() != string && !head.is_dotted;
    std::size_t count = errors_.size();
    if (literal[0] == '`') {
      error(token().span, fmt::format("expected block label to be a double quoted string, but got {}{}",
                                      literal, is_value ? value_hint(head.name, literal) : ""));
    } else if (literal.size() > 2) {
      head.label = literal.substr(1, literal.size() - 2);
      if (!is_label(head.label)) {
        error(token().span,
              fmt::format(
                  "expected block label to be a valid identifier (letters, digits and _), but got {}{}",
                  literal, is_value ? value_hint(head.name, literal) : label_hint(std::string(head.label))));
      }
    }
    if (is_value && errors_.size() > count) last_error_line_ = source_->position(begin()).line;
    next();
    return head;
  }

  static std::string value_hint(std::string_view name, std::string_view literal) {
    return fmt::format(": an attribute is written {} = {}", name, literal.size() > 60 ? "…" : literal);
  }

  static bool is_label(std::string_view text) {
    return is_identifier(text) && text != "true" && text != "false" && text != "null";
  }

  // "my-host" was meant to be "my_host".
  static std::string label_hint(std::string label) {
    std::ranges::replace_if(label, [](char c) { return c == '-' || c == ' ' || c == '.' || c == '/'; }, '_');
    return is_label(label) ? fmt::format(": write \"{}\"", label) : "";
  }

  std::optional<Head> parse_label(Head head) {
    if (kind() == string) return take_label(head);
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
    if (!head.is_dotted) {
      expected("attribute assignment (=), block label or block body ({)", assign_hint(head.name));
    } else {
      expected("block label");
    }
    skip_statement();
    return std::nullopt;
  }

  std::string assign_hint(std::string_view name) const {
    if (kind() == equal) return ": a value is assigned with one =";
    bool is_value = kind() == number || kind() == floating || kind() == boolean || kind() == null ||
                    kind() == open_bracket || (kind() == identifier && peek() != open_brace);
    if (!is_value) return "";
    return fmt::format(": write {} = {}", name, kind() == open_bracket ? "[…]" : text());
  }

  std::optional<Statement> parse_attribute(const Head& head) {
    std::string_view hint = peek() == open_brace ? ": a block is written without =" : "";
    if (head.is_dotted) {
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
      syntax_error(assign_span, fmt::format("the value of \"{}\" is missing", head.name));
      value_is_missing_ = true;
      return std::nullopt;
    }
    if (kind() == close_brace || kind() == end_of_file) {
      expected(fmt::format("the value of \"{}\"", head.name));
      return std::nullopt;
    }
    Parsed value = parse_expression();
    if (is_object && errors_.size() > errors_before) {
      errors_[errors_before].notes.push_back(
          {source_, assign_span, fmt::format("if {} is a block, it is written without =", head.name)});
    }
    if (value.expr && (kind() == open_brace || (kind() == string && peek() == open_brace))) {
      return refuse_block(value.expr->span.begin);
    }
    if (!value.expr) {
      if (kind() != terminator && kind() != close_brace) skip_statement();
      return std::nullopt;
    }
    Span span{head.name_span.begin, value.expr->span.end};
    return Attribute{head.name, head.name_span, value.expr, span};
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
    error({begin, before().span.end}, "cannot use a block as an expression");
    return std::nullopt;
  }

  std::optional<Statement> parse_block(const Head& head) {
    Level level(*this);
    Block block{.name = block_name(head),
                .label = head.label,
                .name_span = head.name_span,
                .label_span = head.label_span};
    auto outer = std::exchange(block_open_, begin());
    block.open = next();
    block.body = parse_body(close_brace);
    block_open_ = outer;
    bool is_closed = kind() == close_brace;
    std::size_t count = errors_.size();
    block.close = expect_close(close_brace, block.open);
    if (is_closed) {
      look_at_indentation(block);
    } else if (errors_.size() > count && crooked_) {
      errors_.back().notes.push_back(*crooked_);
    }
    block.span = {block.name_span.begin, block.close.end};
    return arena_->make(block);
  }

  // Nearly always it stands in the text as it is.
  std::string_view block_name(const Head& head) {
    if (!head.is_dotted) return head.name;
    std::string_view written = source_->text(head.name_span);
    return written.size() == dotted_name_.size() ? written : arena_->copy(dotted_name_);
  }

  // A brace that stands further left than the block it closes is likely that of an outer one.
  void look_at_indentation(const Block& block) {
    if (crooked_) return;
    std::string_view text = source_->text();
    std::size_t indent = 0;
    while (indent < block.close.begin && is_blank(text[block.close.begin - 1 - indent])) ++indent;
    bool is_first = indent == block.close.begin || text[block.close.begin - 1 - indent] == '\n';
    std::uint32_t begin = block.name_span.begin;
    if (!is_first || begin <= indent || text.substr(begin - indent - 1, indent + 1).contains('\n')) return;
    crooked_ =
        Note{source_, block.close,
             fmt::format("this }} closes the {} of line {}, whose own }} may be the one that is missing",
                         block.name, source_->position(begin).line)};
  }

  std::optional<Note> crooked_;          // the first brace that closes another block than it seems to
  std::vector<Statement> statements_;    // of the bodies that are being read, one in the other
  std::string dotted_name_;              // of the head that was read last, if it is dotted
  const EachStatement* each_ = nullptr;  // what takes the statements of the file
  bool value_is_missing_ = false;  // of the attribute just parsed: the next one follows without a terminator
};

bool is_too_big(const Source& source) {
  return source.text().size() > kLongestText;
}

Diagnostics too_big(const SourcePtr& source) {
  std::string message = fmt::format("the text is longer than {} bytes", kLongestText);
  return {{Severity::error, source, {}, std::move(message), {}}};
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
  return Parser(std::move(source)).file();
}

std::expected<std::vector<Span>, Diagnostics> parse_each(SourcePtr source, const EachStatement& each) {
  if (is_too_big(*source)) return std::unexpected(too_big(source));
  return Parser(std::move(source)).statements(each);
}

std::expected<LoneExpr, Diagnostics> parse_expression(SourcePtr source) {
  if (is_too_big(*source)) return std::unexpected(too_big(source));
  return Parser(std::move(source)).expression();
}

}  // namespace weir::lang
