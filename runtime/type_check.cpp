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

// The component that the expression names as a whole, `a.b.label`; null when it is anything else.
const ComponentType* component_of(const Plan& plan, const lang::Expr& expr) {
  std::string id;
  const lang::Expr* object = &expr;
  while (auto* inner = std::get_if<lang::AccessExpr>(&object->node)) {
    id.insert(0, "." + inner->name);
    object = inner->object.get();
  }
  auto* first = std::get_if<lang::Identifier>(&object->node);
  if (first == nullptr) return nullptr;
  const NodeIndex* target = plan.find(first->name + id);
  return target == nullptr ? nullptr : plan.nodes[*target].type;
}

// The type of `a.b.label.export`; nullopt when the expression is anything else.
std::optional<std::string_view> type_of(const Plan& plan, const lang::Expr& expr) {
  auto* access = std::get_if<lang::AccessExpr>(&expr.node);
  const ComponentType* component = access ? component_of(plan, *access->object) : nullptr;
  const lang::FieldSchema* field = component ? component->exports->find(access->name) : nullptr;
  if (field == nullptr || field->type.empty()) return std::nullopt;
  return field->type;
}

// An attribute whose value is looked at.
class Checker {
 public:
  Checker(const Plan& plan, const lang::SourcePtr& source, const lang::Attribute& attribute,
          const lang::FieldSchema& field, lang::Diagnostics& diagnostics)
      : plan_(plan), source_(source), attribute_(attribute), field_(field), diagnostics_(diagnostics) {}

  void run() {
    look_at(*attribute_.value, field_.type);
    auto* array = std::get_if<lang::ArrayExpr>(&attribute_.value->node);
    TypeText wanted = split(field_.type);
    if (array == nullptr || wanted.outer != "list") return;
    for (const auto& element : array->elements) look_at(*element, wanted.inner);
  }

 private:
  void look_at(const lang::Expr& expr, std::string_view wanted) {
    std::string_view text = source_->text(expr.span);
    if (const ComponentType* component = component_of(plan_, expr)) {
      bool is_reported = component->exports->fields.empty();
      if (!is_reported && !may_fit("map", wanted))
        report(expr, wanted, "a component" + export_hint(*component, text, wanted));
      return;
    }
    auto type = type_of(plan_, expr);
    if (!type || may_fit(*type, wanted)) return;
    std::string got(*type);
    if (may_fit(fmt::format("list({})", *type), wanted)) got += fmt::format(", write [{}]", text);
    if (&expr != attribute_.value.get() && may_fit(*type, field_.type)) got += list_hint(text);
    report(expr, wanted, got);
  }

  // A list stands where one of its elements should.
  std::string list_hint(std::string_view text) const {
    auto& array = std::get<lang::ArrayExpr>(attribute_.value->node);
    if (array.elements.size() == 1) return fmt::format(", write {} without the brackets", text);
    return ", join lists with concat(…)";
  }

  static std::string export_hint(const ComponentType& component, std::string_view text,
                                 std::string_view wanted) {
    for (const lang::FieldSchema& field : component.exports->fields) {
      if (may_fit(field.type, wanted)) return fmt::format(", write {}.{}", text, field.name);
    }
    return "";
  }

  void report(const lang::Expr& expr, std::string_view wanted, std::string_view got) {
    bool is_element = &expr != attribute_.value.get();
    std::string message = fmt::format("{}{} should be {}, but {} is {}", is_element ? "an element of " : "",
                                      attribute_.name, wanted, source_->text(expr.span), got);
    diagnostics_.push_back(
        {.source = source_, .span = expr.span, .message = std::move(message), .notes = {}});
  }

  const Plan& plan_;
  const lang::SourcePtr& source_;
  const lang::Attribute& attribute_;
  const lang::FieldSchema& field_;
  lang::Diagnostics& diagnostics_;
};

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
  Checker(plan, source, attribute, field, diagnostics).run();
}

}  // namespace weir::runtime
