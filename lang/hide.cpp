#include "lang/hide.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/secret_places.h"

namespace weir::lang {
namespace {

struct Hidden {
  SourcePtr source;  // with the stars
  std::vector<SecretText> secrets;
};

Hidden hide_in_text(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known) {
  auto places = find_secrets(source, is_secret, known);
  find_in_comments_and_urls(source, is_secret, known, places);
  std::string text(source->text());
  for (Span span : places.hidden) {
    for (std::uint32_t i = span.begin; i < span.end; ++i) {
      if (text[i] != '\n') text[i] = '*';
    }
  }
  return {Source::make(source->name(), std::move(text), source->shift()), std::move(places.secrets)};
}

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

void hide_in_message(std::string& message, const std::vector<SecretText>& secrets) {
  constexpr std::size_t kShortest = 4;
  for (const SecretText& secret : secrets) {
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

}  // namespace

void hide_secrets(Diagnostics& diagnostics, const IsSecretName& is_secret, const HandedOn& handed) {
  std::map<SourcePtr, Hidden> known;
  auto hide = [&](SourcePtr& source, std::string& message) {
    if (!source) return;
    auto [it, is_new] = known.try_emplace(source);
    if (is_new) it->second = hide_in_text(source, is_secret, handed);
    hide_in_message(message, it->second.secrets);
    source = it->second.source;
  };
  for (Diagnostic& diagnostic : diagnostics) {
    for (Note& note : diagnostic.notes) hide(note.source, note.message);
    hide(diagnostic.source, diagnostic.message);
  }
}

}  // namespace weir::lang
