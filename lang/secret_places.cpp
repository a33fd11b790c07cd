#include "lang/secret_places.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/lexer.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

class Finder {
 public:
  Finder(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known)
      : source_(source), is_secret_(is_secret), known_(known), tokens_(lex(source).tokens) {
    find_foreachs();
  }

  SecretPlaces run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) i = hide_at(i);
    end_joined();
    std::ranges::sort(places_.secrets, std::greater(), [](const SecretText& s) { return s.text.size(); });
    for (const Token& token : tokens_) {
      if (token.kind == TokenKind::comment) places_.comments.push_back(token.span);
    }
    return std::move(places_);
  }

 private:
  // Which collection belongs to which var.
  void find_foreachs() {
    using enum TokenKind;
    struct Open {
      bool is_foreach;
      std::string_view var;
      std::size_t collection = 0;
    };
    std::vector<Open> open;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      TokenKind kind = tokens_[i].kind;
      if (kind == open_brace) open.push_back({.is_foreach = i >= 2 && text(i - 2) == "foreach"});
      if (open.empty()) continue;
      Open& block = open.back();
      bool is_assigned = i + 2 < tokens_.size() && tokens_[i + 1].kind == assign;
      if (block.is_foreach && is_assigned && text(i) == "collection") block.collection = i;
      if (block.is_foreach && is_assigned && text(i) == "var") block.var = unquoted(i + 2);
      if (block.collection > 0 && !block.var.empty()) {
        vars_.insert(block.var);
        collections_.emplace(block.collection, block.var);
      }
      if (kind == close_brace) open.pop_back();
    }
  }

  // Returns up to where that is done.
  std::size_t hide_at(std::size_t at) {
    if (is_secret_name(at) || is_value_of_secret(at)) return hide_value(at + 1);
    auto collection = collections_.find(at);
    return collection == collections_.end() ? at : hide_collection(at, collection->second);
  }

  // Of all its items, or of one field of each.
  std::size_t hide_collection(std::size_t at, std::string_view var) {
    std::string field = std::string(var) + '.';
    auto first = known_.items.lower_bound(field);
    bool has_fields = first != known_.items.end() && first->starts_with(field);
    if (known_.items.contains(var)) return hide_value(at + 1);
    if (!has_fields) return at;
    std::size_t end = end_of_value(at + 1);
    for (++at; at < end; ++at) {
      follow(at);
      bool is_hidden = is_name(at) && tokens_[at + 1].kind == TokenKind::assign &&
                       known_.items.contains(field + std::string(unquoted(at)));
      at = is_hidden ? hide_value(at + 1) : hide_at(at);
    }
    return at;
  }

  std::string_view text(std::size_t at) const { return source_->text(tokens_[at].span); }

  std::string_view unquoted(std::size_t at) const {
    std::string_view all = text(at);
    return tokens_[at].kind == TokenKind::string && all.size() > 2 ? all.substr(1, all.size() - 2) : all;
  }

  // A quoted field of an object is a name as well; a block's label is none.
  bool is_name(std::size_t at) const {
    TokenKind kind = tokens_[at].kind;
    return kind == TokenKind::identifier ||
           (kind == TokenKind::string && tokens_[at + 1].kind != TokenKind::open_brace);
  }

  bool is_secret_name(std::size_t at) const {
    return is_name(at) && (is_secret_(unquoted(at)) || known_.arguments.contains(unquoted(at)));
  }

  // argument "password" { default = … }, export "password" { value = … }
  bool is_value_of_secret(std::size_t at) const {
    bool is_default = text(at) == "default";
    if (!is_default && text(at) != "value") return false;
    if (at > 0 && tokens_[at - 1].kind == TokenKind::dot) return false;
    while (at > 0 && tokens_[at].kind != TokenKind::open_brace) --at;
    if (at < 2 || tokens_[at - 1].kind != TokenKind::string) return false;
    std::string_view label = unquoted(at - 1);
    const auto& handed = is_default ? known_.arguments : known_.exports;
    return text(at - 2) == (is_default ? "argument" : "export") &&
           (is_secret_(label) || handed.contains(label));
  }

  // What a reference leads to is secret as well. `at` is its first name.
  void follow(std::size_t at) {
    using enum TokenKind;
    if (tokens_[at].kind != identifier || (at > 0 && tokens_[at - 1].kind == dot)) return;
    std::vector<std::string_view> names = {text(at)};
    for (; at + 2 < tokens_.size() && tokens_[at + 1].kind == dot; at += 2) names.push_back(text(at + 2));
    HandedOn& found = places_.handed_on;
    if (vars_.contains(names[0])) {
      found.items.insert(std::string(names[0]) + (names.size() > 1 ? '.' + std::string(names[1]) : ""));
    } else if (names[0] == "argument" && names.size() > 1) {
      found.arguments.emplace(names[1]);
    } else if (names.size() > 2) {
      found.exports.insert(names.begin() + 2, names.end());
    }
  }

  // How much deeper in brackets what follows stands.
  static int opens(TokenKind kind) {
    using enum TokenKind;
    if (kind == open_brace || kind == open_bracket || kind == open_paren) return 1;
    return kind == close_brace || kind == close_bracket || kind == close_paren ? -1 : 0;
  }

  // The terminator, comma or bracket behind what begins there.
  std::size_t end_of_value(std::size_t at) const {
    using enum TokenKind;
    int open = 0;
    for (; at + 1 < tokens_.size(); ++at) {
      TokenKind kind = tokens_[at].kind;
      open += opens(kind);
      if (open < 0 || (open == 0 && (kind == terminator || kind == comma))) break;
    }
    return at;
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
      open += opens(kind);
      if (open < 0 || (open == 0 && (kind == terminator || kind == comma))) break;
      // Behind what is illegal no line ends.
      bool is_assigned = is_name(at) && tokens_[at + 1].kind == assign;
      if (open == 0 && kind == identifier && is_assigned && begins_line(at)) return at - 1;
      follow(at);
      bool is_field = open > 0 && is_assigned && tokens_[at - 1].kind != assign;
      if (is_field && is_plain_header(unquoted(at))) {
        at = end_of_value(at + 2) - 1;
      } else if (is_quoted(at) ? !is_variable(at) && !is_field : is_bare_word(at) && !is_field) {
        hide(at);
      }
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
    return at >= 2 && tokens_[at - 1].kind == TokenKind::open_paren && text(at - 2) == "env";
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
    return kind == identifier && before != dot && !leads_on && !vars_.contains(text(at));
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
  }

  void add(std::string_view text, bool quoted) {
    SecretText secret{.text = std::string(text), .escaped = quote(text), .quoted = quoted};
    if (secret.escaped.size() == text.size() + 2) secret.escaped.clear();
    places_.secrets.push_back(std::move(secret));
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
  const HandedOn& known_;
  std::vector<Token> tokens_;
  std::set<std::string_view> vars_;                      // of each foreach
  std::map<std::size_t, std::string_view> collections_;  // their vars, by the token
  SecretPlaces places_;
  Span joined_;
  int joins_ = 0;
};

}  // namespace

SecretPlaces find_secrets(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known) {
  return Finder(source, is_secret, known).run();
}

}  // namespace weir::lang
