#include "components/relabel/matcher.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/utf8.h"
#include "components/relabel/go_regex.h"
#include "components/relabel/small_regex.h"

namespace weir::relabel {
namespace {

// More alternatives than this RE2 tells apart quicker.
constexpr std::size_t kMostWords = 16;

bool is_plain(char c) {
  return c >= ' ' && c <= '~' && std::string_view(R"(\.+*?()|[]{}^$)").find(c) == std::string_view::npos;
}

// Takes the literal text at the start, \. and the like without its backslash.
std::string take_literal(std::string_view& regex) {
  std::string text;
  while (!regex.empty()) {
    bool is_escaped = regex[0] == '\\';
    if (!is_escaped && !is_plain(regex[0])) break;
    if (is_escaped && (regex.size() < 2 ||
                       std::string_view(R"(\.+*?()|[]{}^$-/)").find(regex[1]) == std::string_view::npos)) {
      break;
    }
    // It belongs to the character before it.
    std::string_view behind = regex.substr(is_escaped ? 2 : 1);
    if (!behind.empty() && std::string_view("*+?{").contains(behind[0])) break;
    text += regex[is_escaped ? 1 : 0];
    regex = behind;
  }
  return text;
}

bool take(std::string_view& regex, std::string_view token) {
  if (!regex.starts_with(token)) return false;
  regex.remove_prefix(token.size());
  return true;
}

}  // namespace

Result<Matcher> Matcher::compile(std::string_view regex, lang::Dialect dialect) {
  Matcher matcher;
  if (matcher.recognise(regex, dialect)) return matcher;
  auto plain = compile_plain(regex, dialect);
  if (!plain) return plain;
  auto small = SmallRegex::compile(regex, dialect == lang::Dialect::alloy);
  if (!small || small->group_count() != plain->group_count_) return plain;
  plain->small_ = std::make_shared<const SmallRegex>(*std::move(small));
  plain->form_ = Form::small;
  return plain;
}

Result<Matcher> Matcher::compile_plain(std::string_view regex, lang::Dialect dialect) {
  auto compiled = compile_anchored(regex, dialect);
  if (!compiled) return std::unexpected(compiled.error());
  Matcher matcher;
  matcher.form_ = Form::re2;
  matcher.regex_ = *compiled;
  matcher.group_count_ = static_cast<std::size_t>(matcher.regex_->NumberOfCapturingGroups());
  return matcher;
}

bool Matcher::recognise(std::string_view regex, lang::Dialect dialect) {
  dot_is_newline_ = dialect == lang::Dialect::alloy;
  if (read_words(regex)) {
    form_ = Form::words;
  } else if (read_wildcards(regex)) {
    form_ = Form::wildcards;
  } else {
    return false;
  }
  return true;
}

// a|b, (a|b) and (?:a|b)
bool Matcher::read_words(std::string_view regex) {
  bool is_group = regex.starts_with('(');
  bool is_captured = is_group && !take(regex, "(?:") && take(regex, "(");
  words_.clear();
  do {
    words_.push_back(take_literal(regex));
  } while (take(regex, "|"));
  if (is_group && !take(regex, ")")) return false;
  group_count_ = is_captured ? 1 : 0;
  return regex.empty() && words_.size() <= kMostWords;
}

// At most two, with text between them.
bool Matcher::read_wildcards(std::string_view regex) {
  wildcards_.clear();
  group_count_ = 0;
  before_ = take_literal(regex);
  while (!regex.empty()) {
    Wildcard wildcard;
    wildcard.is_captured = take(regex, "(");
    if (!take(regex, ".")) return false;
    wildcard.least = regex.starts_with('+') ? 1 : 0;
    if (!take(regex, "+") && !take(regex, "*")) return false;
    if (wildcard.is_captured ? !take(regex, ")") : regex.starts_with('?')) return false;
    if (std::string_view("*+?{").contains(regex.empty() ? ' ' : regex[0])) return false;
    wildcard.behind = take_literal(regex);
    if (wildcard.is_captured) ++group_count_;
    wildcards_.push_back(std::move(wildcard));
  }
  if (wildcards_.empty() || wildcards_.size() > 2) return false;
  return wildcards_.size() == 1 || !wildcards_[0].behind.empty();
}

bool Matcher::match_words(std::string_view text) const {
  return std::ranges::find(words_, text) != words_.end();
}

bool Matcher::match_wildcards(std::string_view text, std::array<std::string_view, 2>& found) const {
  if (!dot_is_newline_ && text.find('\n') != std::string_view::npos) return false;
  const Wildcard& last = wildcards_.back();
  if (text.size() < before_.size() + last.behind.size()) return false;
  if (!text.starts_with(before_) || !text.ends_with(last.behind)) return false;
  text.remove_prefix(before_.size());
  text.remove_suffix(last.behind.size());
  if (wildcards_.size() == 1) {
    found[0] = text;
    return text.size() >= last.least;
  }
  // The first takes as much as leaves enough to the second.
  const Wildcard& first = wildcards_.front();
  if (text.size() < first.behind.size() + last.least) return false;
  std::size_t middle = text.rfind(first.behind, text.size() - last.least - first.behind.size());
  if (middle == std::string_view::npos || middle < first.least) return false;
  found = {text.substr(0, middle), text.substr(middle + first.behind.size())};
  return true;
}

bool Matcher::matches(std::string_view text) const {
  std::array<std::string_view, 2> found;
  switch (form_) {
    case Form::nothing: return false;
    case Form::words: return match_words(text);
    case Form::wildcards: return match_wildcards(text, found);
    default: return match_any(text, nullptr);
  }
  return false;
}

bool Matcher::match(std::string_view text, Groups& groups) const {
  if (regex_) return match_any(text, &groups);
  std::array<std::string_view, 2> found;
  bool matched =
      form_ == Form::words ? match_words(text) : form_ == Form::wildcards && match_wildcards(text, found);
  if (!matched) return false;
  groups.assign(1, text);
  if (form_ == Form::words && group_count_ == 1) groups.push_back(text);
  for (std::size_t i = 0; i < wildcards_.size(); ++i) {
    if (wildcards_[i].is_captured) groups.push_back(found[i]);
  }
  return true;
}

int Matcher::group_named(std::string_view name) const {
  if (!regex_) return -1;
  const auto& names = regex_->NamedCapturingGroups();
  auto it = names.find(std::string(name));
  return it == names.end() ? -1 : it->second;
}

bool Matcher::is_whole(std::size_t group) const {
  if (group == 0) return true;
  if (group > group_count_) return false;
  if (form_ == Form::words) return true;
  return form_ == Form::wildcards && wildcards_.size() == 1 && before_.empty() &&
         wildcards_[0].behind.empty();
}

bool Matcher::match_any(std::string_view text, Groups* groups) const {
  if (form_ == Form::small) {
    auto verdict = small_->match(text, groups);
    if (verdict != SmallRegex::Verdict::unsure) return verdict == SmallRegex::Verdict::yes;
  }
  return match_re2(text, groups);
}

bool Matcher::match_re2(std::string_view text, Groups* groups) const {
  if (!is_utf8(text)) return match_repaired(text, groups);
  re2::StringPiece piece(text.data(), text.size());
  if (!groups) return regex_->Match(piece, 0, piece.size(), re2::RE2::UNANCHORED, nullptr, 0);
  std::vector<re2::StringPiece> found(group_count_ + 1);
  if (!regex_->Match(piece, 0, piece.size(), re2::RE2::UNANCHORED, found.data(),
                     static_cast<int>(found.size()))) {
    return false;
  }
  groups->clear();
  for (const auto& group : found) groups->emplace_back(group.data(), group.size());
  return true;
}

// To Go each byte that is not UTF-8 is the character U+FFFD; RE2 would match nothing there.
bool Matcher::match_repaired(std::string_view text, Groups* groups) const {
  std::string repaired;
  std::vector<std::size_t> places;  // in the text, for each byte of the repaired one
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    std::size_t begin = repaired.size();
    append_utf8(repaired, rune.code);
    places.resize(repaired.size(), at);
    places[begin] = at;
    at += rune.size;
  }
  places.push_back(text.size());
  Groups found;
  if (!match_re2(repaired, groups ? &found : nullptr)) return false;
  if (!groups) return true;
  groups->clear();
  for (std::string_view group : found) {
    if (group.data() == nullptr) {
      groups->emplace_back();
      continue;
    }
    auto begin = static_cast<std::size_t>(group.data() - repaired.data());
    groups->push_back(text.substr(places[begin], places[begin + group.size()] - places[begin]));
  }
  return true;
}

}  // namespace weir::relabel
