#include "lang/hide.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "lang/lexer.h"

namespace weir::lang {
namespace {

struct Secret {
  std::string text;  // without quotes
  bool quoted;
};

struct Hidden {
  SourcePtr source;  // with the stars
  std::vector<Secret> secrets;
};

class Hider {
 public:
  Hider(const SourcePtr& source, const IsSecretName& is_secret)
      : source_(source), is_secret_(is_secret), tokens_(lex(source).tokens), text_(source->text()) {}

  Hidden run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_secret_name(tokens_[i])) i = hide_value(i + 1);
    }
    return {Source::make(source_->name(), std::move(text_)), std::move(secrets_)};
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
    // What stands in place of the = is no part of the value.
    bool has_other_sign = tokens_[at].kind == illegal && tokens_[at].span.end - tokens_[at].span.begin == 1;
    if (has_other_sign && !is_quoted(at)) ++at;
    // The end of the file has nothing to hide, and nothing behind it to look at.
    for (; at + 1 < tokens_.size(); ++at) {
      TokenKind kind = tokens_[at].kind;
      if (kind == open_brace || kind == open_bracket || kind == open_paren) ++open;
      if (kind == close_brace || kind == close_bracket || kind == close_paren) --open;
      if (open < 0 || (open == 0 && (kind == terminator || kind == comma))) break;
      // Behind what is illegal no line ends.
      if (open == 0 && kind == identifier && tokens_[at + 1].kind == assign) return at - 1;
      if (is_quoted(at) ? !is_variable(at) : is_bare_word(at)) hide(at);
    }
    return at;
  }

  // env("NAME"): the name is none.
  bool is_variable(std::size_t at) const {
    return at >= 2 && tokens_[at - 1].kind == TokenKind::open_paren &&
           source_->text(tokens_[at - 2].span) == "env";
  }

  bool is_quoted(std::size_t at) const {
    TokenKind kind = tokens_[at].kind;
    bool is_broken =
        kind == TokenKind::illegal && std::string_view("'\"`").contains(source_->text(tokens_[at].span)[0]);
    return kind == TokenKind::string || is_broken;
  }

  // Who forgets the quotes writes a word or a number. A name that leads on, is led to or gets a value is a
  // reference or a field, and what stands in [] behind one is an index.
  bool is_bare_word(std::size_t at) const {
    using enum TokenKind;
    TokenKind kind = tokens_[at].kind;
    TokenKind before = tokens_[at - 1].kind;  // there is at least the secret's name
    TokenKind behind = tokens_[at + 1].kind;  // or the end
    if (kind == illegal) return true;
    if (kind == number || kind == floating) {
      TokenKind indexed = at >= 2 ? tokens_[at - 2].kind : illegal;
      return before != open_bracket ||
             (indexed != identifier && indexed != close_paren && indexed != close_bracket);
    }
    bool leads_on = behind == dot || behind == open_paren || behind == open_bracket || behind == assign;
    return kind == identifier && before != dot && !leads_on;
  }

  void hide(std::size_t at) {
    Span span = tokens_[at].span;
    std::string_view literal = source_->text(span);
    bool quoted = is_quoted(at);
    bool is_closed = quoted && literal.size() > 1 && literal.back() == literal.front();
    std::uint32_t begin = quoted ? span.begin + 1 : span.begin;
    std::uint32_t end = is_closed ? span.end - 1 : span.end;
    secrets_.push_back({std::string(literal.substr(begin - span.begin, end - begin)), quoted});
    for (std::uint32_t i = begin; i < end; ++i) {
      if (text_[i] != '\n') text_[i] = '*';
    }
  }

  const SourcePtr& source_;
  const IsSecretName& is_secret_;
  std::vector<Token> tokens_;
  std::string text_;
  std::vector<Secret> secrets_;
};

bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c < 0;
}

// Whether what stands at [at, at + size) is no part of a longer word.
bool is_whole(std::string_view message, std::size_t at, std::size_t size) {
  bool begins = at == 0 || !is_word(message[at - 1]) || !is_word(message[at]);
  std::size_t end = at + size;
  return begins && (end == message.size() || !is_word(message[end]) || !is_word(message[end - 1]));
}

void replace_each(std::string& message, const std::string& text, bool whole_words) {
  constexpr std::string_view kInstead = "(secret)";
  for (auto at = message.find(text); at != message.npos; at = message.find(text, at)) {
    if (whole_words && !is_whole(message, at, text.size())) {
      ++at;
      continue;
    }
    message.replace(at, text.size(), kInstead);
    at += kInstead.size();
  }
}

void hide_in_message(std::string& message, const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    replace_each(message, '"' + secret.text + '"', false);
    // A sign alone gives nothing away, and stands in many messages.
    bool is_sign = secret.text.size() == 1 && !is_word(secret.text[0]);
    if (!secret.quoted && !secret.text.empty() && !is_sign) replace_each(message, secret.text, true);
  }
}

}  // namespace

void hide_secrets(Diagnostics& diagnostics, const IsSecretName& is_secret) {
  std::map<SourcePtr, Hidden> known;
  auto hide = [&](SourcePtr& source, std::string& message) {
    if (!source) return;
    auto [it, is_new] = known.try_emplace(source);
    if (is_new) it->second = Hider(source, is_secret).run();
    hide_in_message(message, it->second.secrets);
    source = it->second.source;
  };
  for (Diagnostic& diagnostic : diagnostics) {
    for (Note& note : diagnostic.notes) hide(note.source, note.message);
    hide(diagnostic.source, diagnostic.message);
  }
}

}  // namespace weir::lang
