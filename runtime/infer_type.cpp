#include "runtime/infer_type.h"

#include <utility>

#include <fmt/core.h>

#include "lang/stdlib.h"
#include "runtime/type_text.h"

namespace weir::runtime {
namespace {

class Inference {
 public:
  Inference(const Plan& plan, const PlannedNode& node, Quoting quoting, const ReportType& report)
      : plan_(plan), node_(node), quoting_(quoting), report_(report) {}

  std::string of(const lang::Expr& expr) {
    if (component_of(plan_, node_.scope, expr) != nullptr) return map_of(kAny);
    return std::visit([&](const auto& inner) { return of_node(inner, expr); }, expr.node);
  }

 private:
  std::string fail(const lang::Expr& expr, const std::string& message) {
    report_(expr.span, message);
    return std::string(kAny);
  }

  std::string_view text(const lang::Expr& expr) const {
    return quoting_ == Quoting::allowed ? node_.source->quotable(expr.span) : "value";
  }

  std::string of_node(const lang::Literal& literal, const lang::Expr&) {
    switch (literal.kind) {
      case lang::Literal::Kind::number:
      case lang::Literal::Kind::floating: return "number";
      case lang::Literal::Kind::string: return "string";
      case lang::Literal::Kind::boolean: return "bool";
      case lang::Literal::Kind::null: break;
    }
    return std::string(kAny);
  }

  std::string of_node(const lang::Identifier&, const lang::Expr&) { return std::string(kAny); }

  std::string of_node(const lang::ArrayExpr& array, const lang::Expr&) {
    std::string element;
    for (const auto& one : array.elements) element = common_type(element, of(*one));
    return list_of(element.empty() ? kAny : element);
  }

  std::string of_node(const lang::ObjectExpr& object, const lang::Expr&) {
    std::string field;
    for (const auto& one : object.fields) field = common_type(field, of(*one.value));
    return map_of(field.empty() ? kAny : field);
  }

  std::string of_node(const lang::AccessExpr& access, const lang::Expr&) {
    if (const ComponentType* component = component_of(plan_, node_.scope, *access.object)) {
      const lang::FieldSchema* field = component->exports->find(access.name);
      return field == nullptr || field->type.empty() ? std::string(kAny) : field->type;
    }
    auto* first = std::get_if<lang::Identifier>(&access.object->node);
    if (first != nullptr && first->name == "constants") return "string";
    std::string type = of(*access.object);
    TypeText object = split_type(type);
    if (object.outer == "map") return std::string(object.inner);
    if (!is_concrete(type)) return std::string(kAny);
    std::string hint =
        object.outer == "list" ? fmt::format(": one of its elements is {}[0]", text(*access.object)) : "";
    report_(access.name_span, fmt::format("cannot access field \"{}\" of {}, which is {}{}", access.name,
                                          text(*access.object), type, hint));
    return std::string(kAny);
  }

  std::string of_node(const lang::IndexExpr& index, const lang::Expr&) {
    std::string type = of(*index.object);
    std::string key = of(*index.index);
    TypeText object = split_type(type);
    if (object.outer == "list") return check(*index.index, key, "number", object.inner);
    if (object.outer == "map") return check(*index.index, key, "string", object.inner);
    if (!is_concrete(type)) return std::string(kAny);
    return fail(*index.object,
                fmt::format("{} should be object or array, got {}", text(*index.object), type));
  }

  // `result`, or any when the expression is of another type. Operators and indexes convert nothing.
  std::string check(const lang::Expr& expr, std::string_view type, std::string_view wanted,
                    std::string_view result) {
    if (type == wanted || (type == "duration" && wanted == "string")) return std::string(result);
    if (!is_concrete(type)) return std::string(kAny);
    return fail(expr, fmt::format("{} should be {}, got {}", text(expr), wanted, type));
  }

  std::string of_node(const lang::CallExpr& call, const lang::Expr& expr) {
    std::vector<std::string> arguments;
    for (const auto& argument : call.arguments) arguments.push_back(of(*argument));
    std::string_view name = node_.source->text(call.function->span);
    if (name == "concat" || (name == "array.concat" && node_.dialect == lang::Dialect::alloy)) {
      return of_concat(call, arguments);
    }
    auto signature = lang::find_signature(name, node_.dialect);
    if (!signature) return std::string(kAny);
    if (!signature->parameters) return std::string(signature->result);
    const auto& parameters = *signature->parameters;
    if (parameters.size() != arguments.size()) {
      return fail(expr,
                  fmt::format("{}: expected {} args, got {}", name, parameters.size(), arguments.size()));
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (may_fit(arguments[i], parameters[i])) continue;
      fail(*call.arguments[i],
           fmt::format("{} should be {}, got {}", text(*call.arguments[i]), parameters[i], arguments[i]));
    }
    return std::string(signature->result);
  }

  std::string of_concat(const lang::CallExpr& call, const std::vector<std::string>& arguments) {
    std::string all;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      std::string type = may_fit(arguments[i], list_of(kAny))
                             ? arguments[i]
                             : fail(*call.arguments[i], fmt::format("{} should be list, got {}",
                                                                    text(*call.arguments[i]), arguments[i]));
      all = common_type(all, type);
    }
    return all.empty() ? list_of(kAny) : all;
  }

  std::string of_node(const lang::UnaryExpr& unary, const lang::Expr&) {
    std::string_view wanted = unary.op == lang::UnaryOp::negate ? "number" : "bool";
    return check(*unary.operand, of(*unary.operand), wanted, wanted);
  }

  std::string of_node(const lang::BinaryExpr& binary, const lang::Expr&) {
    using enum lang::BinaryOp;
    std::string left = of(*binary.left);
    std::string right = of(*binary.right);
    switch (binary.op) {
      case equal:
      case not_equal: return "bool";
      case logical_or:
      case logical_and:
        check(*binary.left, left, "bool", "");
        check(*binary.right, right, "bool", "");
        return "bool";
      case add: return of_ordered(binary, left, right);
      case less:
      case less_equal:
      case greater:
      case greater_equal: of_ordered(binary, left, right); return "bool";
      default: break;
    }
    check(*binary.left, left, "number", "");
    check(*binary.right, right, "number", "");
    return "number";
  }

  // Two numbers, or two texts.
  std::string of_ordered(const lang::BinaryExpr& binary, const std::string& left, const std::string& right) {
    std::string_view op = lang::to_string(binary.op);
    std::string_view wanted = left == "number" ? "number" : "string";
    if (left == wanted || left == "duration") {
      bool fits = right == wanted || !is_concrete(right) || (left != "number" && right == "duration");
      if (fits) return std::string(wanted);
      return fail(*binary.right, fmt::format("{} should be {} like the left side of {}, got {}",
                                             text(*binary.right), wanted, op, right));
    }
    if (!is_concrete(left) || left == "secret") return std::string(kAny);
    return fail(*binary.left,
                fmt::format("{} should be number or string for {}, got {}", text(*binary.left), op, left));
  }

  std::string of_node(const lang::ParenExpr& paren, const lang::Expr&) { return of(*paren.inner); }

  const Plan& plan_;
  const PlannedNode& node_;
  Quoting quoting_;
  const ReportType& report_;
};

}  // namespace

const ComponentType* component_of(const Plan& plan, ScopeIndex scope, const lang::Expr& expr) {
  std::string id;
  const lang::Expr* object = &expr;
  while (auto* inner = std::get_if<lang::AccessExpr>(&object->node)) {
    id.insert(0, inner->name).insert(0, 1, '.');
    object = inner->object;
  }
  auto* first = std::get_if<lang::Identifier>(&object->node);
  if (first == nullptr) return nullptr;
  const NodeIndex* target = plan.find(scope, id.insert(0, first->name));
  // What a module exports only its text knows.
  if (target == nullptr || plan.nodes[*target].kind != NodeKind::component) return nullptr;
  return plan.nodes[*target].type;
}

std::string infer_type(const Plan& plan, const PlannedNode& node, const lang::Expr& expr, Quoting quoting,
                       const ReportType& report) {
  return Inference(plan, node, quoting, report).of(expr);
}

}  // namespace weir::runtime
