#include "web/hidden_fields.h"

#include <algorithm>
#include <memory>
#include <string>

#include "runtime/config_blocks.h"
#include "runtime/secret_names.h"

namespace weir::web {
namespace {

using SecretsPtr = std::shared_ptr<const runtime::SecretNames>;

std::string var_of(const runtime::Node& node) {
  auto arguments = node.arguments();
  auto found = std::ranges::find(arguments.statements, "var", &lang::StatementValue::name);
  const auto* var = found == arguments.statements.end() ? nullptr : found->value.as_string();
  return var ? *var : std::string();
}

// The items are its collection and, for its own modules, what it exports.
HiddenFields fields_of_foreach(const SecretsPtr& secrets, const std::string& var) {
  Hides hides = [secrets, var](std::string_view name) {
    bool are_items = name == "collection" || name == runtime::kItems;
    return (are_items && secrets->is_secret_item(var)) || secrets->is_secret_item(var, name) ||
           secrets->is_secret(name);
  };
  return {hides, hides};
}

}  // namespace

bool needs_texts(const runtime::Node& node) {
  return node.type == &runtime::module_type() || node.name.starts_with("module.") || node.name == "foreach";
}

HiddenFields hidden_fields(const runtime::Node& node, const runtime::Snapshot& snapshot,
                           const runtime::Registry* registry) {
  if (!needs_texts(node)) return {.arguments = runtime::is_always_secret, .exports = {}};
  static const runtime::Registry kNone;
  SecretsPtr secrets =
      std::make_shared<runtime::SecretNames>(registry ? *registry : kNone, snapshot.all_sources());
  if (node.name == "foreach") return fields_of_foreach(secrets, var_of(node));
  return {[secrets](std::string_view name) { return secrets->is_secret(name); },
          [secrets](std::string_view name) { return secrets->is_secret_export(name); }};
}

}  // namespace weir::web
