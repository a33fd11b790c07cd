#include "tests/referee/token_source.h"

#include <utility>

#include "RiverParser.h"

namespace weir::referee {
namespace {

bool arms(std::size_t type, const std::string& text) {
  switch (type) {
    case RiverLexer::IDENT:
    case RiverLexer::BOOL:
    case RiverLexer::NULL_VALUE:
    case RiverLexer::NUMBER:
    case RiverLexer::FLOAT:
    case RiverLexer::QUOTED_KEYWORD:
    case RiverLexer::QUOTED_NAME:
    case RiverLexer::STRING:
    case RiverLexer::RAW_STRING: return true;
    default: return text == ")" || text == "]" || text == "}";
  }
}

bool is_illegal(std::size_t type) {
  return type == RiverLexer::ILLEGAL || type == RiverLexer::BAD_FLOAT || type == RiverLexer::UNCLOSED_COMMENT;
}

}  // namespace

const antlr4::Token& TerminatedTokens::peek(std::size_t distance) {
  while (ahead_.size() <= distance) ahead_.push_back(lexer_.nextToken());
  return *ahead_[distance];
}

TerminatedTokens::TokenPtr TerminatedTokens::take() {
  peek(0);
  TokenPtr token = std::move(ahead_.front());
  ahead_.pop_front();
  return token;
}

TerminatedTokens::TokenPtr TerminatedTokens::terminator() {
  is_armed_ = false;
  auto token = std::make_unique<antlr4::CommonToken>(RiverParser::TERMINATOR, "");
  token->setStartIndex(peek(0).getStartIndex());
  token->setLine(peek(0).getLine());
  return token;
}

// Whether the comment that is next runs to the end of its line.
bool TerminatedTokens::ends_line() {
  for (std::size_t i = 0;; ++i) {
    const antlr4::Token& token = peek(i);
    std::size_t type = token.getType();
    if (type == antlr4::Token::EOF || type == RiverLexer::NEWLINE || type == RiverLexer::LINE_COMMENT)
      return true;
    if (type != RiverLexer::BLOCK_COMMENT) return false;
    if (token.getText().find('\n') != std::string::npos) return true;
  }
}

std::unique_ptr<antlr4::Token> TerminatedTokens::nextToken() {
  for (;;) {
    const antlr4::Token& next = peek(0);
    std::size_t type = next.getType();
    bool is_comment = type == RiverLexer::LINE_COMMENT || type == RiverLexer::BLOCK_COMMENT;
    if (is_armed_ &&
        (type == RiverLexer::NEWLINE || type == antlr4::Token::EOF || (is_comment && ends_line()))) {
      return terminator();
    }
    if (type == RiverLexer::NEWLINE || is_comment) {
      take();
      is_armed_ = false;
      continue;
    }
    if (is_illegal(type)) {
      illegal_.push_back(next.getStartIndex());
    } else {
      is_armed_ = arms(type, next.getText());
    }
    return take();
  }
}

}  // namespace weir::referee
