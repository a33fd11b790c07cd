#include "lang/token_cursor.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace weir::lang {

TokenCursor::TokenCursor(SourcePtr source, Tokens tokens)
    : source_(std::move(source)), tokens_(std::move(tokens.tokens)), errors_(std::move(tokens.errors)) {
  std::erase_if(tokens_, [&](const Token& token) {
    if (token.kind != comment) return false;
    comments_.push_back({token.span, comment_text(source_->text(token.span))});
    return true;
  });
  for (const Diagnostic& error : errors_) lexical_.push_back(error.span.begin);
}

TokenKind TokenCursor::peek(std::size_t distance) const {
  return tokens_[std::min(at_ + distance, tokens_.size() - 1)].kind;
}

Span TokenCursor::next() {
  Span span = token().span;
  if (at_ + 1 < tokens_.size()) ++at_;
  return span;
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
  sort_by_place(errors_);
  if (errors_.size() >= kMostSyntaxErrors) {
    errors_.erase(errors_.begin() + kMostSyntaxErrors, errors_.end());
    errors_.push_back(
        {Severity::error, source_, errors_.back().span, "too many errors: the rest is not shown", {}});
  }
  return std::move(errors_);
}

void TokenCursor::error(Span span, std::string message) {
  // Of those the lexer found all may stand behind what is read.
  if (given_up_ || errors_.size() - lexical_.size() >= kMostSyntaxErrors) return;
  errors_.push_back({Severity::error, source_, span, std::move(message), {}});
}

void TokenCursor::syntax_error(Span span, std::string message) {
  if (given_up_) return;
  std::uint32_t line = source_->position(span.begin).line;
  if (line == last_error_line_) return;
  last_error_line_ = line;
  auto after = std::upper_bound(lexical_.begin(), lexical_.end(), span.begin);
  if (after != lexical_.begin() && source_->position(*std::prev(after)).line == line) return;
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
  at_ = tokens_.size() - 1;
}

Span TokenCursor::expect_close(TokenKind close, Span open) {
  if (kind() == close) return next();
  not_closed(close, open);
  // A wrong bracket at the end of the line is taken for the right one, unless it closes the block.
  std::uint32_t line = source_->position(begin()).line;
  bool is_meant = is_closing(kind()) && peek() == terminator && block_line_ != line &&
                  source_->position(open.begin).line == line;
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
