// The tokens of River.g4's lexer, with terminators between them by the rules that stand at the head of that
// file.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "RiverLexer.h"
#include "antlr4-runtime.h"

namespace weir::referee {

class TerminatedTokens final : public antlr4::TokenSource {
 public:
  explicit TerminatedTokens(RiverLexer& lexer) : lexer_(lexer) {}

  // Where what no token allows begins, in characters.
  const std::vector<std::size_t>& illegal() const { return illegal_; }

  std::unique_ptr<antlr4::Token> nextToken() override;
  std::size_t getLine() const override { return lexer_.getLine(); }
  std::size_t getCharPositionInLine() override { return lexer_.getCharPositionInLine(); }
  antlr4::CharStream* getInputStream() override { return lexer_.getInputStream(); }
  std::string getSourceName() override { return lexer_.getSourceName(); }
  antlr4::TokenFactory<antlr4::CommonToken>* getTokenFactory() override { return lexer_.getTokenFactory(); }

 private:
  using TokenPtr = std::unique_ptr<antlr4::Token>;

  // Of the lexer, from the one before all others.
  const antlr4::Token& peek(std::size_t distance);
  TokenPtr take();
  TokenPtr terminator();
  bool ends_line();

  RiverLexer& lexer_;
  std::deque<TokenPtr> ahead_;
  std::vector<std::size_t> illegal_;
  bool is_armed_ = false;
};

}  // namespace weir::referee
