// TokenCursor: where the parser stands among the tokens, which it has read as they are asked for, and what it
// has to say about them. Passes over what is wrong, so that one mistake is reported once.
#pragma once

#include <cstdint>
#include <optional>
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

  explicit TokenCursor(SourcePtr source);

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

  // Comments are not among them.
  const Token& token() const { return token_; }
  TokenKind kind() const { return token_.kind; }
  std::string_view text() const { return source_->text(token_.span); }
  std::uint32_t begin() const { return token_.span.begin; }
  // The last one taken.
  const Token& before() const { return before_; }
  TokenKind peek() const { return ahead_.kind; }
  TokenKind peek_further() const;
  Span next() {
    before_ = token_;
    token_ = ahead_;
    ahead_ = read();
    return before_.span;
  }
  std::string token_name() const;

  // ---- errors ----

  bool is_faultless() const { return errors_.empty() && lexer_.errors().empty(); }
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
  std::vector<Span> comments_;
  Diagnostics errors_;  // but for the lexer's
  std::uint32_t last_error_line_ = 0;
  std::optional<std::uint32_t> block_open_;  // where the innermost block begins
  bool given_up_ = false;

 private:
  Token read();

  Lexer lexer_;
  // The lexer is always a token further, so that it has said what is wrong here before the parser does.
  Token before_{terminator, {}}, token_, ahead_;
  int depth_ = 0;
};

}  // namespace weir::lang
