#include "runtime/type_check.h"

#include <string>

#include <fmt/core.h>

#include "runtime/infer_type.h"
#include "runtime/type_text.h"

namespace weir::runtime {
namespace {

const lang::Expr& without_parens(const lang::Expr& expr) {
  const lang::Expr* inner = &expr;
  while (auto* paren = std::get_if<lang::ParenExpr>(&inner->node)) inner = paren->inner;
  return *inner;
}

// An attribute whose value is looked at.
class Checker {
 public:
  Checker(const Plan& plan, const PlannedNode& node, const lang::Attribute& attribute,
          const lang::FieldSchema& field, lang::Diagnostics& diagnostics)
      : plan_(plan), node_(node), attribute_(attribute), field_(field), diagnostics_(diagnostics) {}

  void run() { look_at(*attribute_.value, field_.type, std::string(attribute_.name)); }

 private:
  // `place` is what `wanted` is the type of: "targets", "an element of targets".
  void look_at(const lang::Expr& outer, std::string_view wanted, const std::string& place) {
    const lang::Expr& expr = without_parens(outer);
    TypeText type = split_type(wanted);
    auto* array = std::get_if<lang::ArrayExpr>(&expr.node);
    if (array != nullptr && type.outer == "list") {
      for (const auto& element : array->elements) look_at(*element, type.inner, "an element of " + place);
      return;
    }
    auto* object = std::get_if<lang::ObjectExpr>(&expr.node);
    if (object != nullptr && type.outer == "map") {
      for (const auto& field : object->fields) look_at(*field.value, type.inner, "a field of " + place);
      return;
    }
    if (const ComponentType* component = component_of(plan_, node_.scope, expr)) {
      bool is_reported = component->exports->fields.empty();
      if (!is_reported && !may_fit("map(any)", wanted))
        report(expr, wanted, place, "a component" + export_hint(*component, text(expr), wanted));
      return;
    }
    look_at_value(expr, wanted, place);
  }

  void look_at_value(const lang::Expr& expr, std::string_view wanted, const std::string& place) {
    std::string type = infer_type(plan_, node_, expr, quoting(), [&](lang::Span span, std::string message) {
      diagnostics_.push_back({.source = node_.source, .span = span, .message = std::move(message)});
    });
    if (may_fit(type, wanted)) return;
    std::string got = type;
    if (may_fit(list_of(type), wanted)) got += fmt::format(", write [{}]", text(expr));
    bool is_element = place != attribute_.name;
    if (is_element && may_fit(type, field_.type)) got += list_hint(text(expr));
    report(expr, wanted, place, got);
  }

  std::string_view text(const lang::Expr& expr) const {
    return quoting() == Quoting::allowed ? node_.source->quotable(expr.span) : "value";
  }

  // A list stands where one of its elements should.
  std::string list_hint(std::string_view text) const {
    auto* array = std::get_if<lang::ArrayExpr>(&without_parens(*attribute_.value).node);
    if (array == nullptr) return "";
    if (array->elements.size() == 1) return fmt::format(", write {} without the brackets around it", text);
    return ", join lists with concat(…)";
  }

  static std::string export_hint(const ComponentType& component, std::string_view text,
                                 std::string_view wanted) {
    for (const lang::FieldSchema& field : component.exports->fields) {
      if (may_fit(field.type, wanted)) return fmt::format(", write {}.{}", text, field.name);
    }
    return "";
  }

  void report(const lang::Expr& expr, std::string_view wanted, std::string_view place, std::string_view got) {
    diagnostics_.push_back(
        {.source = node_.source,
         .span = expr.span,
         .message = fmt::format("{} should be {}, but {} is {}", place, wanted, text(expr), got)});
  }

  Quoting quoting() const { return field_.type.contains("secret") ? Quoting::secret : Quoting::allowed; }

  const Plan& plan_;
  const PlannedNode& node_;
  const lang::Attribute& attribute_;
  const lang::FieldSchema& field_;
  lang::Diagnostics& diagnostics_;
};

}  // namespace

void check_types(const Plan& plan, const PlannedNode& node, const lang::Attribute& attribute,
                 const lang::FieldSchema& field, lang::Diagnostics& diagnostics) {
  Checker(plan, node, attribute, field, diagnostics).run();
}

}  // namespace weir::runtime
