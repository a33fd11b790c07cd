#include "runtime/secret_names.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "lang/diagnostic.h"

namespace weir::runtime {
namespace {

// Headers, whose values are no secrets by their type, those that everybody gives one also where they stand
// elsewhere; and the text of an import.string or a module.string.
constexpr std::string_view kAlwaysSecret[] = {"api-key",       "api_key",      "apikey",
                                              "authorization", "content",      "cookie",
                                              "headers",       "http_headers", "proxy-authorization",
                                              "x-api-key",     "x-auth-token"};

void collect(const lang::BodySchema& schema, TableNames& names) {
  for (const lang::FieldSchema& field : schema.fields) {
    if (field.body != nullptr) collect(*field.body, names);
    names.all.insert(field.name);
    if (field.type.contains("secret")) names.secret.insert(field.name);
  }
}

// "pasword" is refused, and what stands behind it is the password all the same.
bool is_slip_of_secret(std::string_view name, const TableNames& names) {
  constexpr std::size_t kShortest = 6, kMore = 2;
  if (name.size() < kShortest || names.all.contains(name)) return false;
  std::vector<std::string_view> near;
  for (std::string_view secret : names.secret) {
    if (secret.size() <= name.size() + kMore && name.size() <= secret.size() + kMore) near.push_back(secret);
  }
  return !lang::did_you_mean(name, near).empty();
}

std::vector<lang::SourcePtr> sources_of(const lang::Diagnostics& diagnostics) {
  std::vector<lang::SourcePtr> sources;
  auto add = [&](const lang::SourcePtr& source) {
    if (source && std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
  };
  for (const auto& diagnostic : diagnostics) {
    add(diagnostic.source);
    for (const auto& note : diagnostic.notes) add(note.source);
  }
  return sources;
}

// A module may hand on to a module, and stand in another text.
lang::HandedOn all_handed_on(const std::vector<lang::SourcePtr>& sources,
                             const lang::IsSecretName& is_secret) {
  lang::HandedOn all;
  std::size_t known = 0;
  do {
    known = all.size();
    for (const auto& source : sources) all.merge(lang::handed_on(source, is_secret, all));
  } while (known != all.size());
  return all;
}

}  // namespace

TableNames::TableNames(const Registry& registry) {
  for (std::string_view name : registry.names()) collect(*registry.find(name)->arguments, *this);
}

bool TableNames::is_secret(std::string_view name) const {
  return secret.contains(name) || is_slip_of_secret(name, *this) || is_always_secret(name);
}

bool is_always_secret(std::string_view name) {
  return std::ranges::any_of(kAlwaysSecret,
                             [&](std::string_view one) { return equal_ignoring_case(name, one); });
}

void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry) {
  if (diagnostics.empty()) return;
  TableNames names(registry);
  auto by_table = [&](std::string_view name) { return names.is_secret(name); };
  lang::hide_secrets(diagnostics, by_table, all_handed_on(sources_of(diagnostics), by_table));
}

SecretNames::SecretNames(const Registry& registry, const std::vector<lang::SourcePtr>& sources)
    : names_(registry) {
  handed_on_ = all_handed_on(sources, [this](std::string_view name) { return names_.is_secret(name); });
}

std::string SecretNames::text_of(const lang::SourcePtr& source) const {
  auto by_table = [this](std::string_view name) { return names_.is_secret(name); };
  return lang::without_secrets(source, by_table, handed_on_);
}

bool SecretNames::is_secret(std::string_view name) const {
  return names_.is_secret(name) || handed_on_.arguments.contains(name);
}

bool SecretNames::is_secret_export(std::string_view name) const {
  return names_.is_secret(name) || handed_on_.exports.contains(name);
}

bool SecretNames::is_secret_item(std::string_view var, std::string_view field) const {
  return handed_on_.items.contains(std::string(var) + '.' + std::string(field));
}

}  // namespace weir::runtime
