#include "lang/hide.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lang/lexer.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

struct Secret {
  std::string text;     // without quotes
  std::string escaped;  // as quote() says it, where that differs from text in quotes
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
    hide_all();
    // The longest first: a part of one may be another.
    std::ranges::sort(secrets_, std::greater(), [](const Secret& s) { return s.text.size(); });
    return {Source::make(source_->name(), std::move(text_), source_->shift()), std::move(secrets_)};
  }

  // What is secret, and in which comments there may be more.
  struct Places {
    std::vector<Span> hidden, comments;
    std::set<std::string, std::less<>> arguments;
  };
  Places find() {
    hide_all();
    for (const Token& token : tokens_) {
      if (token.kind == TokenKind::comment) places_.comments.push_back(token.span);
    }
    return std::move(places_);
  }

 private:
  void hide_all() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_secret_name(i) || is_default_of_secret(i)) i = hide_value(i + 1);
    }
    end_joined();
  }

  // A quoted field of an object is a name as well; a block's label is none.
  bool is_secret_name(std::size_t at) const {
    const Token& token = tokens_[at];
    std::string_view text = source_->text(token.span);
    if (token.kind == TokenKind::string && tokens_[at + 1].kind == TokenKind::open_brace) return false;
    if (token.kind == TokenKind::string && text.size() > 2) text = text.substr(1, text.size() - 2);
    bool is_name = token.kind == TokenKind::identifier || token.kind == TokenKind::string;
    return is_name && is_secret_(text);
  }

  // argument "password" { default = … }
  bool is_default_of_secret(std::size_t at) const {
    if (source_->text(tokens_[at].span) != "default") return false;
    while (at > 0 && tokens_[at].kind != TokenKind::open_brace) --at;
    if (at < 2 || tokens_[at - 1].kind != TokenKind::string) return false;
    std::string_view label = source_->text(tokens_[at - 1].span);
    return source_->text(tokens_[at - 2].span) == "argument" && label.size() > 2 &&
           is_secret_(label.substr(1, label.size() - 2));
  }

  bool is_argument(std::size_t at) const {
    return at >= 2 && tokens_[at].kind == TokenKind::identifier && tokens_[at - 1].kind == TokenKind::dot &&
           source_->text(tokens_[at - 2].span) == "argument";
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
      bool is_assigned = kind == identifier && tokens_[at + 1].kind == assign;
      if (open == 0 && is_assigned && begins_line(at)) return at - 1;
      if (is_argument(at)) places_.arguments.emplace(source_->text(tokens_[at].span));
      bool is_field = open > 0 && is_assigned && tokens_[at - 1].kind != assign;
      if (is_quoted(at) ? !is_variable(at) : is_bare_word(at) && !is_field) hide(at);
    }
    return at;
  }

  bool begins_line(std::size_t at) const {
    std::string_view before = source_->text().substr(0, tokens_[at].span.begin);
    auto last = before.find_last_not_of(" \t\r");
    return last == before.npos || before[last] == '\n';
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

  // Who forgets the quotes writes a word or a number. A name that leads on or is led to is a reference, and
  // what stands in [] behind one is an index.
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
    bool leads_on = behind == dot || behind == open_paren || behind == open_bracket;
    return kind == identifier && before != dot && !leads_on;
  }

  void hide(std::size_t at) {
    Span span = tokens_[at].span;
    std::string_view literal = source_->text(span);
    bool quoted = is_quoted(at);
    bool is_closed = quoted && literal.size() > 1 && literal.back() == literal.front();
    std::uint32_t begin = quoted ? span.begin + 1 : span.begin;
    std::uint32_t end = is_closed ? span.end - 1 : span.end;
    // What has no end is repeated without one.
    add(literal.substr(begin - span.begin, end - begin), is_closed);
    if (!quoted) join(span);
    if (begin < end) places_.hidden.push_back({begin, end});
    for (std::uint32_t i = begin; i < end; ++i) {
      if (text_[i] != '\n') text_[i] = '*';
    }
  }

  void add(std::string_view text, bool quoted) {
    Secret secret{.text = std::string(text), .escaped = quote(text), .quoted = quoted};
    if (secret.escaped.size() == text.size() + 2) secret.escaped.clear();
    secrets_.push_back(std::move(secret));
  }

  // Tokens without quotes that touch are one word to who reads them: 123abc.
  void join(Span span) {
    if (joined_.end != span.begin) {
      end_joined();
      joined_.begin = span.begin;
      joins_ = 0;
    }
    joined_.end = span.end;
    ++joins_;
  }

  void end_joined() {
    if (joins_ > 1) add(source_->text(joined_), false);
    joins_ = 0;
  }

  const SourcePtr& source_;
  const IsSecretName& is_secret_;
  std::vector<Token> tokens_;
  std::string text_;
  std::vector<Secret> secrets_;
  Places places_;
  Span joined_;
  int joins_ = 0;
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
    // A secret may be called "secret".
    bool is_done = at > 0 && std::string_view(message).substr(at - 1).starts_with(kInstead);
    if (whole_words && (is_done || !is_whole(message, at, text.size()))) {
      ++at;
      continue;
    }
    message.replace(at, text.size(), kInstead);
    at += kInstead.size();
  }
}

void hide_in_message(std::string& message, const std::vector<Secret>& secrets) {
  constexpr std::size_t kShortest = 4;
  for (const Secret& secret : secrets) {
    if (!secret.escaped.empty()) replace_each(message, secret.escaped, false);
    if (!message.contains(secret.text)) continue;
    replace_each(message, '"' + secret.text + '"', false);
    replace_each(message, '`' + secret.text + '`', false);
    // A sign alone gives nothing away, nor does a short word of a sentence.
    bool is_sign = secret.text.size() == 1 && !is_word(secret.text[0]);
    bool is_telling = secret.quoted ? secret.text.size() >= kShortest : !secret.text.empty() && !is_sign;
    if (is_telling) replace_each(message, secret.text, true);
  }
}

// What a comment takes out of use is still somebody's password.
void find_in_comment(std::string_view text, Span comment, const IsSecretName& is_secret,
                     std::vector<Span>& hidden) {
  constexpr std::uint32_t kMark = 2;  // "//", "/*"
  std::uint32_t mark = std::min(comment.end - comment.begin, text[comment.begin] == '#' ? 1 : kMark);
  auto inside = std::string(text.substr(comment.begin + mark, comment.end - comment.begin - mark));
  if (text.substr(comment.begin).starts_with("/*") && inside.ends_with("*/"))
    inside.resize(inside.size() - 2);
  SourcePtr source = Source::make("", std::move(inside));
  auto found = Hider(source, is_secret).find();
  for (Span span : found.hidden) {
    hidden.push_back({span.begin + comment.begin + mark, span.end + comment.begin + mark});
  }
}

// scheme://user:PASSWORD@host
void find_in_urls(std::string_view text, std::vector<Span>& hidden) {
  constexpr std::string_view kStart = "://";
  for (auto at = text.find(kStart); at != text.npos; at = text.find(kStart, at + 1)) {
    std::size_t begin = at + kStart.size();
    std::string_view authority = text.substr(begin, text.find_first_of("/?#\"'` \t\r\n", begin) - begin);
    auto sign = authority.rfind('@');
    auto colon = authority.find(':');
    if (sign == authority.npos || colon == authority.npos || colon > sign) continue;
    hidden.push_back(
        {static_cast<std::uint32_t>(begin + colon + 1), static_cast<std::uint32_t>(begin + sign)});
  }
}

// A place that lies in another, or touches it, is a part of it.
std::string replace_all(std::string_view text, std::vector<Span> hidden) {
  std::ranges::sort(hidden, {}, [](Span span) { return std::pair(span.begin, span.end); });
  std::string out;
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < hidden.size();) {
    Span span = hidden[i];
    for (++i; i < hidden.size() && hidden[i].begin <= span.end; ++i)
      span.end = std::max(span.end, hidden[i].end);
    out += text.substr(at, span.begin - at);
    out += "(secret)";
    out.append(
        static_cast<std::size_t>(std::ranges::count(text.substr(span.begin, span.end - span.begin), '\n')),
        '\n');
    at = span.end;
  }
  return out += text.substr(at);
}

}  // namespace

std::string without_secrets(const SourcePtr& source, const IsSecretName& is_secret) {
  auto places = Hider(source, is_secret).find();
  for (Span comment : places.comments) find_in_comment(source->text(), comment, is_secret, places.hidden);
  find_in_urls(source->text(), places.hidden);
  return replace_all(source->text(), std::move(places.hidden));
}

std::set<std::string, std::less<>> secret_arguments(const SourcePtr& source, const IsSecretName& is_secret) {
  return Hider(source, is_secret).find().arguments;
}

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
