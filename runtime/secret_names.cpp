#include "runtime/secret_names.h"

#include <algorithm>
#include <set>
#include <string>

#include "lang/hide.h"

namespace weir::runtime {
namespace {

using Names = std::set<std::string, std::less<>>;

// Headers and the like that everybody gives a secret, in a map whose values are none by their type; and the
// text of an import.string or a module.string.
constexpr std::string_view kAlwaysSecret[] = {
    "api-key",   "api_key",     "apikey", "authorization", "content", "cookie", "proxy-authorization",
    "x-api-key", "x-auth-token"};

void collect(const lang::BodySchema& schema, Names& names) {
  for (const lang::FieldSchema& field : schema.fields) {
    if (field.body != nullptr) collect(*field.body, names);
    if (field.type.contains("secret")) names.insert(field.name);
  }
}

Names names_in(const Registry& registry) {
  Names names;
  for (std::string_view name : registry.names()) collect(*registry.find(name)->arguments, names);
  return names;
}

bool is_always_secret(std::string_view name) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::any_of(kAlwaysSecret,
                             [&](std::string_view one) { return std::ranges::equal(name, one, {}, lower); });
}

}  // namespace

void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry) {
  if (diagnostics.empty()) return;
  Names names = names_in(registry);
  lang::hide_secrets(diagnostics, [&](std::string_view name) { return names.contains(name); });
}

std::vector<std::string> without_secrets(const std::vector<lang::SourcePtr>& sources,
                                         const Registry& registry) {
  Names names = names_in(registry);
  auto is_secret = [&](std::string_view name) { return names.contains(name) || is_always_secret(name); };
  // A module may hand on to a module.
  for (std::size_t known = 0; known != names.size();) {
    known = names.size();
    for (const auto& source : sources) names.merge(lang::secret_arguments(source, is_secret));
  }
  std::vector<std::string> texts;
  for (const auto& source : sources) texts.push_back(lang::without_secrets(source, is_secret));
  return texts;
}

}  // namespace weir::runtime
