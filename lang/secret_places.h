// Where secrets stand in a config text, which need not parse, and in URLs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/hide.h"
#include "lang/source.h"

namespace weir::lang {

struct SecretText {
  std::string text;     // without quotes
  std::string escaped;  // as quote() says it, where that differs from text in quotes
  bool quoted;
};

struct SecretPlaces {
  std::vector<Span> hidden;         // without the quotes
  std::vector<Span> comments;       // there may be more in them
  std::vector<SecretText> secrets;  // the longest first: a part of one may be another
  HandedOn handed_on;
};

// The text with "(secret)" for what the URLs in it tell: who logs in, and tokens of their queries.
std::string without_url_secrets(std::string_view text);

// Those that stand outside of what is in use: in comments, and in URLs. Adds them to what find_secrets() has
// found.
void find_in_comments_and_urls(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known,
                               SecretPlaces& places);

SecretPlaces find_secrets(const SourcePtr& source, const IsSecretName& is_secret, const HandedOn& known = {});

}  // namespace weir::lang
