#include "runtime/secret_names.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/ascii.h"

namespace weir::runtime {
namespace {

using Names = std::set<std::string, std::less<>>;

// Headers, whose values are no secrets by their type, those that everybody gives one also where they stand
// elsewhere; and the text of an import.string or a module.string.
constexpr std::string_view kAlwaysSecret[] = {"api-key",       "api_key",      "apikey",
                                              "authorization", "content",      "cookie",
                                              "headers",       "http_headers", "proxy-authorization",
                                              "x-api-key",     "x-auth-token"};

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

}  // namespace

bool is_always_secret(std::string_view name) {
  return std::ranges::any_of(kAlwaysSecret,
                             [&](std::string_view one) { return equal_ignoring_case(name, one); });
}

void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry) {
  if (diagnostics.empty()) return;
  Names names = names_in(registry);
  lang::hide_secrets(diagnostics, [&](std::string_view name) { return names.contains(name); });
}

SecretNames::SecretNames(const Registry& registry, const std::vector<lang::SourcePtr>& sources)
    : names_(names_in(registry)) {
  auto by_table = [this](std::string_view name) { return is_by_table(name); };
  // A module may hand on to a module.
  std::size_t known = 0;
  do {
    known = handed_on_.size();
    for (const auto& source : sources) handed_on_.merge(lang::handed_on(source, by_table, handed_on_));
  } while (known != handed_on_.size());
}

std::string SecretNames::text_of(const lang::SourcePtr& source) const {
  auto by_table = [this](std::string_view name) { return is_by_table(name); };
  return lang::without_secrets(source, by_table, handed_on_);
}

bool SecretNames::is_by_table(std::string_view name) const {
  return names_.contains(name) || is_always_secret(name);
}

bool SecretNames::is_secret(std::string_view name) const {
  return is_by_table(name) || handed_on_.arguments.contains(name);
}

bool SecretNames::is_secret_export(std::string_view name) const {
  return is_by_table(name) || handed_on_.exports.contains(name);
}

bool SecretNames::is_secret_item(std::string_view var, std::string_view field) const {
  return handed_on_.items.contains(std::string(var) + '.' + std::string(field));
}

}  // namespace weir::runtime
