#include "runtime/type_check.h"

#include <array>
#include <optional>
#include <string>

#include <fmt/core.h>

namespace weir::runtime {
namespace {

struct TypeText {
  std::string_view outer;  // "list"
  std::string_view inner;  // "map(string)"
};

TypeText split(std::string_view type) {
  auto open = type.find('(');
  if (open == std::string_view::npos || !type.ends_with(')')) return {.outer = type, .inner = {}};
  return {.outer = type.substr(0, open), .inner = type.substr(open + 1, type.size() - open - 2)};
}

bool is_compound(std::string_view outer) {
  return outer == "list" || outer == "map" || outer == "capsule";
}

// The type of `a.b.label.export`; nullopt when the expression is anything else.
std::optional<std::string_view> type_of(const Plan& plan, const lang::Expr& expr) {
  auto* access = std::get_if<lang::AccessExpr>(&expr.node);
  if (access == nullptr) return std::nullopt;
  std::string id;
  const lang::Expr* object = access->object.get();
  while (auto* inner = std::get_if<lang::AccessExpr>(&object->node)) {
    id = "." + inner->name + id;
    object = inner->object.get();
  }
  auto* first = std::get_if<lang::Identifier>(&object->node);
  if (first == nullptr) return std::nullopt;
  const NodeIndex* target = plan.find(first->name + id);
  if (target == nullptr || plan.nodes[*target].type == nullptr) return std::nullopt;
  const lang::FieldSchema* field = plan.nodes[*target].type->exports->find(access->name);
  if (field == nullptr || field->type.empty()) return std::nullopt;
  return field->type;
}

}  // namespace

bool may_fit(std::string_view value_type, std::string_view place_type) {
  if (value_type == place_type) return true;
  TypeText value = split(value_type);
  TypeText place = split(place_type);
  constexpr std::array kScalars = {"string", "number", "bool", "duration", "secret", "int", "uint", "float"};
  auto is_known = [&](std::string_view outer) {
    for (std::string_view scalar : kScalars) {
      if (outer == scalar) return true;
    }
    return is_compound(outer);
  };
  if (!is_known(value.outer) || !is_known(place.outer)) return true;
  if (!is_compound(value.outer) && !is_compound(place.outer)) return true;
  if (value.outer != place.outer) return false;
  return place.outer == "capsule" ? value.inner == place.inner : may_fit(value.inner, place.inner);
}

void check_types(const Plan& plan, const lang::SourcePtr& source, const lang::Attribute& attribute,
                 const lang::FieldSchema& field, lang::Diagnostics& diagnostics) {
  auto report = [&](const lang::Expr& expr, std::string_view wanted) {
    auto type = type_of(plan, expr);
    if (!type || may_fit(*type, wanted)) return;
    std::string_view text = source->text(expr.span);
    std::string message =
        fmt::format("{} should be {}, but {} is {}", attribute.name, field.type, text, *type);
    if (may_fit(fmt::format("list({})", *type), wanted)) message += fmt::format(", write [{}]", text);
    diagnostics.push_back({.source = source, .span = expr.span, .message = std::move(message), .notes = {}});
  };
  report(*attribute.value, field.type);
  auto* array = std::get_if<lang::ArrayExpr>(&attribute.value->node);
  TypeText wanted = split(field.type);
  if (array == nullptr || wanted.outer != "list") return;
  for (const auto& element : array->elements) report(*element, wanted.inner);
}

}  // namespace weir::runtime
