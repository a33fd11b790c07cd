// TokenCursor: where the parser stands among the tokens, and what it has to say about them. Passes over what
// is wrong, so that one mistake is reported once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/lexer.h"
#include "lang/parser.h"

namespace weir::lang {

class TokenCursor {
 protected:
  using enum TokenKind;

  TokenCursor(SourcePtr source, Tokens tokens);

  // One level of blocks or brackets on the way down.
  class Level {
   public:
    explicit Level(TokenCursor& cursor) : cursor_(cursor) {
      if (++cursor_.depth_ > kMaxNesting) cursor_.too_deep();
    }
    ~Level() { --cursor_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenCursor& cursor_;
  };

  // ---- tokens ----

  const Token& token() const { return tokens_[at_]; }
  TokenKind kind() const { return tokens_[at_].kind; }
  std::string_view text() const { return source_->text(token().span); }
  std::uint32_t begin() const { return token().span.begin; }
  // Of the last token taken.
  std::uint32_t end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].span.end; }
  TokenKind peek(std::size_t distance = 1) const;
  Span next();
  std::string token_name() const;

  // ---- errors ----

  Diagnostics take_errors();
  void error(Span span, std::string message);
  // One wrong token leads to many: the first error of a line is kept, and none where the lexer has
  // already said what is wrong with the line.
  void syntax_error(Span span, std::string message);
  Span here() const;
  // `hint` follows what was found instead.
  void expected(std::string_view what, std::string_view hint = {});
  void too_deep();
  // The closing bracket of what was opened at `open`.
  Span expect_close(TokenKind close, Span open);
  // Says that it is missing here, and where it was opened.
  void not_closed(TokenKind close, Span open);
  static bool is_closing(TokenKind kind);
  template <class... Kinds>
  void skip_to(Kinds... kinds) {
    while (kind() != end_of_file && ((kind() != kinds) && ...)) next();
  }
  // To the terminator that ends the statement, or the brace that ends its block; brackets opened on the way
  // are passed over.
  void skip_statement();

  SourcePtr source_;
  std::vector<Token> tokens_;  // without the comments
  std::vector<Comment> comments_;
  Diagnostics errors_;
  std::vector<std::uint32_t> lexical_;  // where the lexer's errors stand
  std::size_t at_ = 0;
  std::uint32_t last_error_line_ = 0;
  std::uint32_t block_line_ = 0;  // where the innermost block was opened
  int depth_ = 0;
  bool given_up_ = false;
};

}  // namespace weir::lang
