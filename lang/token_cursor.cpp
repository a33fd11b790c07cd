#include "lang/token_cursor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/core.h>

namespace weir::lang {

TokenCursor::TokenCursor(SourcePtr source) : source_(std::move(source)), lexer_(source_) {
  token_ = read();
  ahead_ = read();
}

Token TokenCursor::read() {
  for (;;) {
    Token token = lexer_.next();
    if (token.kind != comment) return token;
    comments_.push_back(token.span);
  }
}

TokenKind TokenCursor::peek_further() const {
  Lexer lexer = lexer_;
  for (;;) {
    Token token = lexer.next();
    if (token.kind != comment) return token.kind;
  }
}

std::string TokenCursor::token_name() const {
  switch (kind()) {
    case terminator: return "the end of the line";
    case end_of_file: return "the end of the file";
    case identifier: return fmt::format("identifier {}", text());
    case number:
    case floating: return fmt::format("number {}", text());
    case string: return text().size() > 40 ? "a string" : fmt::format("string {}", text());
    case boolean:
    case null: return std::string(text());
    default: return fmt::format("'{}'", to_string(kind()));
  }
}

Diagnostics TokenCursor::take_errors() {
  Diagnostics all = lexer_.errors();
  std::ranges::move(errors_, std::back_inserter(all));
  sort_by_place(all);
  if (all.size() >= kMostSyntaxErrors) {
    all.erase(all.begin() + kMostSyntaxErrors, all.end());
    all.push_back(
        {Severity::error, source_, all.back().span, "too many errors: the rest is not shown", {}, 0});
  }
  return all;
}

void TokenCursor::error(Span span, std::string message) {
  if (given_up_ || errors_.size() >= kMostSyntaxErrors) return;
  errors_.push_back({Severity::error, source_, span, std::move(message), {}});
}

void TokenCursor::syntax_error(Span span, std::string message) {
  if (given_up_) return;
  std::uint32_t line = source_->position(span.begin).line;
  if (line == last_error_line_) return;
  last_error_line_ = line;
  auto is_in_front = [&](const Diagnostic& lexical) {
    return lexical.span.begin <= span.begin && source_->position(lexical.span.begin).line == line;
  };
  if (std::ranges::any_of(lexer_.errors(), is_in_front)) return;
  error(span, std::move(message));
}

Span TokenCursor::here() const {
  Span span = token().span;
  if (span.begin == span.end && span.end < source_->text().size()) ++span.end;
  return span;
}

void TokenCursor::expected(std::string_view what, std::string_view hint) {
  syntax_error(here(), fmt::format("expected {}, got {}{}", what, token_name(), hint));
}

void TokenCursor::too_deep() {
  error(token().span, fmt::format("nested deeper than {} levels", kMaxNesting));
  given_up_ = true;
  // What the lexer finds in the rest is said all the same.
  while (kind() != end_of_file) next();
}

Span TokenCursor::expect_close(TokenKind close, Span open) {
  if (kind() == close) return next();
  not_closed(close, open);
  // A wrong bracket at the end of the line is taken for the right one, unless it closes the block.
  std::uint32_t line = source_->position(begin()).line;
  auto is_on_line = [&](std::uint32_t place) { return source_->position(place).line == line; };
  bool is_meant = is_closing(kind()) && peek() == terminator && is_on_line(open.begin) &&
                  !(block_open_ && is_on_line(*block_open_));
  return is_meant ? next() : token().span;
}

bool TokenCursor::is_closing(TokenKind kind) {
  return kind == close_brace || kind == close_bracket || kind == close_paren;
}

void TokenCursor::not_closed(TokenKind close, Span open) {
  std::size_t count = errors_.size();
  expected(fmt::format("'{}'", to_string(close)));
  if (errors_.size() == count) return;
  errors_.back().notes.push_back({source_, open, fmt::format("this {} is not closed", source_->text(open))});
}

void TokenCursor::skip_statement() {
  int open = 0;
  for (; kind() != end_of_file; next()) {
    if (kind() == open_brace || kind() == open_bracket || kind() == open_paren) ++open;
    if (kind() == close_brace && open <= 0) return;
    if (is_closing(kind())) --open;
    if (kind() == terminator && open <= 0) return;
  }
}

}  // namespace weir::lang
