// The lexer: config text to tokens, with terminators inserted where a line ends a statement.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "lang/diagnostic.h"
#include "lang/source.h"
#include "lang/token.h"

namespace weir::lang {

// Reads one token after the other. Never stops at an error: what cannot be read becomes an illegal token.
class Lexer {
 public:
  explicit Lexer(SourcePtr source);

  // After the last one end_of_file, however often.
  Token next();
  // Of what was read so far.
  const Diagnostics& errors() const { return errors_; }

 private:
  Token emit(TokenKind kind, std::uint32_t begin);
  Token emit_terminator(std::uint32_t at);
  Token emit_if(char c, TokenKind with, TokenKind without, std::uint32_t begin);
  Token emit_doubled(char c, TokenKind kind, std::uint32_t begin);
  Token scan_operator(std::uint32_t begin);
  Token scan_other(std::uint32_t begin);
  Token scan_name(std::uint32_t begin);
  Token scan_number(std::uint32_t begin);
  Token scan_dot(std::uint32_t begin);
  Token scan_string(std::uint32_t begin);
  void scan_escape();
  void report_escape(std::uint32_t begin);
  Token scan_single_quoted(std::uint32_t begin);
  Token scan_raw_string(std::uint32_t begin);
  Token scan_slash(std::uint32_t begin);
  Token scan_block_comment(std::uint32_t begin);
  Token scan_hash(std::uint32_t begin);
  bool comment_ends_line(std::uint32_t begin) const;

  // ---- bytes and runes ----

  unsigned char here() const { return static_cast<unsigned char>(text_.data()[at_]); }
  bool is_end() const { return at_ >= text_.size(); }
  bool take(char c);
  void skip(const std::array<bool, 256>& bytes);
  void skip_runes(const std::array<bool, 256>& bytes);
  Rune take_rune();

  void error(std::uint32_t at, std::string message);
  void error(Span span, std::string message);

  SourcePtr source_;
  std::string_view text_;  // a NUL stands behind it
  std::uint32_t at_ = 0;
  bool ends_operand_ = false;  // the token before: then a newline ends the statement
  Diagnostics errors_;
};

struct Tokens {
  std::vector<Token> tokens;  // ends with end_of_file
  Diagnostics errors;
};

Tokens lex(const SourcePtr& source);

}  // namespace weir::lang
