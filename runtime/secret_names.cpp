#include "runtime/secret_names.h"

#include <set>
#include <string>

#include "lang/hide.h"

namespace weir::runtime {
namespace {

void collect(const lang::BodySchema& schema, std::set<std::string, std::less<>>& names) {
  for (const lang::FieldSchema& field : schema.fields) {
    if (field.body != nullptr) collect(*field.body, names);
    if (field.type.contains("secret")) names.insert(field.name);
  }
}

}  // namespace

void hide_secrets(lang::Diagnostics& diagnostics, const Registry& registry) {
  if (diagnostics.empty()) return;
  std::set<std::string, std::less<>> names;
  for (std::string_view name : registry.names()) collect(*registry.find(name)->arguments, names);
  lang::hide_secrets(diagnostics, [&](std::string_view name) { return names.contains(name); });
}

}  // namespace weir::runtime
