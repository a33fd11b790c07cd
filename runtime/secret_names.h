// Which attributes of any component hold secrets.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.h"
#include "lang/hide.h"
#include "runtime/component.h"

namespace weir::runtime {

// Diagnostics reach the log, the page and whoever may ask the API: no excerpt may show a password.
void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry);

// Of all attributes in the tables of the components.
struct TableNames {
  using Names = std::set<std::string, std::less<>>;

  explicit TableNames(const Registry& registry);
  // Of a secret one, or so near to it that it can only be meant, or one that is always secret.
  bool is_secret(std::string_view name) const;

  Names all, secret;
};

// What the page may not show of one config. What a module passes on to a secret is one, whatever its name; so
// is a config in a config, which nobody can look through, and each header that is not known to hold none.
class SecretNames {
 public:
  // Of all texts of the config, also of those that its imports bring: what is secret in one may be an
  // argument of a module that stands in another.
  SecretNames(const Registry& registry, const std::vector<lang::SourcePtr>& sources);

  // With "(secret)" for what is.
  std::string text_of(const lang::SourcePtr& source) const;

  bool is_secret(std::string_view name) const;  // an attribute
  bool is_secret_export(std::string_view name) const;
  // Of a foreach: its items, or one field of each.
  bool is_secret_item(std::string_view var) const { return handed_on_.items.contains(var); }
  bool is_secret_item(std::string_view var, std::string_view field) const;

 private:
  TableNames names_;
  lang::HandedOn handed_on_;
};

// Of a component of whatever config: attributes whose values are secret though their type says nothing.
bool is_always_secret(std::string_view name);

}  // namespace weir::runtime
