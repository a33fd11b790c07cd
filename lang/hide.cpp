#include "lang/hide.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "lang/lexer.h"

namespace weir::lang {
namespace {

struct Hidden {
  SourcePtr source;                // with the stars
  std::vector<std::string> texts;  // what stood there, without quotes
};

class Hider {
 public:
  Hider(const SourcePtr& source, const IsSecretName& is_secret)
      : source_(source), is_secret_(is_secret), tokens_(lex(source).tokens), text_(source->text()) {}

  Hidden run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_secret_name(tokens_[i])) i = hide_value(i + 1);
    }
    return {Source::make(source_->name(), std::move(text_)), std::move(hidden_)};
  }

 private:
  // A quoted field of an object is a name as well.
  bool is_secret_name(const Token& token) const {
    std::string_view text = source_->text(token.span);
    if (token.kind == TokenKind::string && text.size() > 2) text = text.substr(1, text.size() - 2);
    bool is_name = token.kind == TokenKind::identifier || token.kind == TokenKind::string;
    return is_name && is_secret_(text);
  }

  // To the end of the statement or field; returns where it ends.
  std::size_t hide_value(std::size_t at) {
    using enum TokenKind;
    int open = 0;
    for (; at < tokens_.size(); ++at) {
      TokenKind kind = tokens_[at].kind;
      if (kind == open_brace || kind == open_bracket || kind == open_paren) ++open;
      if (kind == close_brace || kind == close_bracket || kind == close_paren) --open;
      if (open < 0 || (open == 0 && (kind == terminator || kind == comma))) break;
      bool is_literal = kind == string || (kind == illegal && source_->text(tokens_[at].span)[0] == '\'');
      if (is_literal && !is_variable(at)) hide(tokens_[at].span);
    }
    return at;
  }

  // env("NAME"): the name is none.
  bool is_variable(std::size_t at) const {
    return at >= 2 && tokens_[at - 1].kind == TokenKind::open_paren &&
           source_->text(tokens_[at - 2].span) == "env";
  }

  void hide(Span span) {
    std::string_view literal = source_->text(span);
    bool is_closed = literal.size() > 1 && literal.back() == literal.front();
    std::uint32_t end = is_closed ? span.end - 1 : span.end;
    hidden_.emplace_back(literal.substr(1, end - span.begin - 1));
    for (std::uint32_t i = span.begin + 1; i < end; ++i) {
      if (text_[i] != '\n') text_[i] = '*';
    }
  }

  const SourcePtr& source_;
  const IsSecretName& is_secret_;
  std::vector<Token> tokens_;
  std::string text_;
  std::vector<std::string> hidden_;
};

void hide_in_message(std::string& message, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    std::string quoted = '"' + text + '"';
    for (auto at = message.find(quoted); at != message.npos; at = message.find(quoted, at)) {
      message.replace(at, quoted.size(), "(secret)");
    }
  }
}

}  // namespace

void hide_secrets(Diagnostics& diagnostics, const IsSecretName& is_secret) {
  std::map<SourcePtr, Hidden> known;
  auto hide = [&](SourcePtr& source, std::string& message) {
    if (!source) return;
    auto [it, is_new] = known.try_emplace(source);
    if (is_new) it->second = Hider(source, is_secret).run();
    hide_in_message(message, it->second.texts);
    source = it->second.source;
  };
  for (Diagnostic& diagnostic : diagnostics) {
    for (Note& note : diagnostic.notes) hide(note.source, note.message);
    hide(diagnostic.source, diagnostic.message);
  }
}

}  // namespace weir::lang
