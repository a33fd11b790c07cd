#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "lang/hide.h"
#include "lang/secret_places.h"

namespace weir::lang {
namespace {

// ---- comments ----

struct Comment {
  Span span;
  bool is_line;  // to the end of its line; else to its end mark

  Comment(std::string_view text, Span at)
      : span(at), is_line(!text.substr(at.begin, at.end - at.begin).starts_with("/*")) {}
};

// Whether the text goes on in the comment of the next line.
bool goes_on(std::string_view text, const Comment& comment, const Comment& next) {
  std::string_view between = text.substr(comment.span.end, next.span.begin - comment.span.end);
  bool is_blank = between.find_first_not_of(" \t\r\n") == between.npos;
  return comment.is_line && next.is_line && is_blank && std::ranges::count(between, '\n') <= 1;
}

void blank_marks(std::string& text, Span comment) {
  std::string_view all = std::string_view(text).substr(comment.begin, comment.end - comment.begin);
  std::size_t mark = all.starts_with('#') ? 1 : std::min<std::size_t>(2, all.size());
  bool is_closed = all.size() >= 4 && all.starts_with("/*") && all.ends_with("*/");
  if (is_closed) text.replace(comment.end - 2, 2, 2, ' ');
  text.replace(comment.begin, mark, mark, ' ');
}

// `text` has no marks of comments any more.
void find_in_span(std::string_view text, Span span, const IsSecretName& is_secret, const HandedOn& known,
                  std::vector<Span>& hidden) {
  SourcePtr source = Source::make("", std::string(text.substr(span.begin, span.end - span.begin)));
  for (Span found : find_secrets(source, is_secret, known).hidden)
    hidden.push_back({found.begin + span.begin, found.end + span.begin});
}

// What a comment takes out of use is still somebody's password, also over many lines. Each line is looked at
// alone as well: a quote in a sentence must not swallow what follows.
void find_in_comments(std::string_view text, const std::vector<Span>& spans, const IsSecretName& is_secret,
                      const HandedOn& known, std::vector<Span>& hidden) {
  std::string blanked(text);
  std::vector<Comment> comments;
  for (Span span : spans) {
    comments.emplace_back(text, span);
    blank_marks(blanked, span);
  }
  for (std::size_t i = 0; i < comments.size();) {
    Span run = comments[i].span;
    find_in_span(blanked, run, is_secret, known, hidden);
    std::size_t first = i++;
    for (; i < comments.size() && goes_on(text, comments[i - 1], comments[i]); ++i) {
      find_in_span(blanked, comments[i].span, is_secret, known, hidden);
      run.end = comments[i].span.end;
    }
    if (i - first > 1) find_in_span(blanked, run, is_secret, known, hidden);
  }
}

// ---- URLs ----

Span span_of(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

// name=VALUE&name=VALUE, from `at` on; a URL among the values has a query of its own.
void find_in_query(std::string_view text, std::size_t at, const IsSecretName& is_secret,
                   std::vector<Span>& hidden) {
  while (at < text.size()) {
    std::size_t end = std::min(text.find_first_of("&;?#", at), text.size());
    std::string_view one = text.substr(at, end - at);
    std::size_t sign = one.find('=');
    bool has_value = sign != one.npos && sign + 1 < one.size();
    if (has_value && (is_secret(one.substr(0, sign)) || sounds_secret(one.substr(0, sign))))
      hidden.push_back(span_of(at + sign + 1, end));
    at = end + 1;
  }
}

// scheme://USER:PASSWORD@host?token=TOKEN; who needs no password is a token.
void find_in_urls(std::string_view text, const IsSecretName& is_secret, std::vector<Span>& hidden) {
  constexpr std::string_view kStart = "://";
  std::size_t end = 0;
  for (auto at = text.find(kStart); at != text.npos; at = text.find(kStart, at + 1)) {
    std::size_t begin = at + kStart.size();
    if (begin >= end) {
      end = std::min(text.find_first_of("\"'` \t\r\n", begin), text.size());
      std::size_t query = text.substr(0, end).find_first_of("?#", begin);
      if (query != text.npos) find_in_query(text.substr(0, end), query + 1, is_secret, hidden);
    }
    std::string_view rest = text.substr(begin, end - begin);
    std::size_t sign = rest.substr(0, rest.find_first_of("/?#")).rfind('@');
    if (sign != rest.npos && sign > 0) hidden.push_back(span_of(begin, begin + sign));
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

bool is_plain_header(std::string_view name) {
  constexpr std::string_view kPlain[] = {"accept",       "accept-encoding", "accept-language",
                                         "content-type", "user-agent",      "x-scope-orgid"};
  return std::ranges::any_of(kPlain,
                             [&](std::string_view plain) { return equal_ignoring_case(name, plain); });
}

bool sounds_secret(std::string_view name) {
  constexpr std::string_view kSounds[] = {"auth",   "credential", "key", "pass", "pwd",
                                          "secret", "session",    "sig", "token"};
  std::string low = weir::to_lower(name);
  return std::ranges::any_of(kSounds, [&](std::string_view sound) { return low.contains(sound); });
}

void find_in_comments_and_urls(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known,
                               SecretPlaces& places) {
  find_in_comments(source->text(), places.comments, is_secret, known, places.hidden);
  find_in_urls(source->text(), is_secret, places.hidden);
}

std::string without_secrets(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known) {
  auto places = find_secrets(source, is_secret, known);
  find_in_comments_and_urls(source, is_secret, known, places);
  return replace_all(source->text(), std::move(places.hidden));
}

std::string without_url_secrets(std::string_view text) {
  std::vector<Span> hidden;
  find_in_urls(text, [](std::string_view) { return false; }, hidden);
  return replace_all(text, std::move(hidden));
}

HandedOn handed_on(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known) {
  return find_secrets(source, is_secret, known).handed_on;
}

void HandedOn::merge(HandedOn other) {
  arguments.merge(other.arguments);
  exports.merge(other.exports);
  items.merge(other.items);
}

}  // namespace weir::lang
