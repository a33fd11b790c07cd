#include <algorithm>
#include <utility>

#include "lang/eval.h"

namespace weir::lang {
namespace {

class Collector {
 public:
  void visit(const Expr& expr) {
    if (chain(expr)) return;
    std::visit([&](const auto& node) { visit_children(node); }, expr.node);
  }

  void visit(const Body& body) {
    for (const Statement& statement : body.statements) {
      if (auto* attribute = std::get_if<Attribute>(&statement)) {
        visit(*attribute->value);
      } else {
        visit(std::get<std::unique_ptr<Block>>(statement)->body);
      }
    }
  }

  std::vector<Reference> take() { return std::move(found_); }

 private:
  // a.b.c, seen from its end.
  bool chain(const Expr& expr) {
    Reference reference{.span = expr.span};
    const Expr* at = &expr;
    while (auto* access = std::get_if<AccessExpr>(&at->node)) {
      reference.names.push_back(access->name);
      reference.name_spans.push_back(access->name_span);
      at = access->object.get();
    }
    auto* identifier = std::get_if<Identifier>(&at->node);
    if (!identifier) return false;
    reference.names.push_back(identifier->name);
    reference.name_spans.push_back(at->span);
    std::ranges::reverse(reference.names);
    std::ranges::reverse(reference.name_spans);
    found_.push_back(std::move(reference));
    return true;
  }

  void visit_children(const Literal&) {}
  void visit_children(const Identifier&) {}
  void visit_children(const ArrayExpr& array) { visit_all(array.elements); }
  void visit_children(const ObjectExpr& object) {
    for (const ObjectField& field : object.fields) visit(*field.value);
  }
  void visit_children(const AccessExpr& access) { visit(*access.object); }
  void visit_children(const IndexExpr& index) {
    visit(*index.object);
    visit(*index.index);
  }
  void visit_children(const CallExpr& call) {
    visit(*call.function);
    visit_all(call.arguments);
  }
  void visit_children(const UnaryExpr& unary) { visit(*unary.operand); }
  void visit_children(const BinaryExpr& binary) {
    visit(*binary.left);
    visit(*binary.right);
  }
  void visit_children(const ParenExpr& paren) { visit(*paren.inner); }

  void visit_all(const std::vector<ExprPtr>& exprs) {
    for (const ExprPtr& expr : exprs) visit(*expr);
  }

  std::vector<Reference> found_;
};

}  // namespace

std::vector<Reference> references(const Expr& expr) {
  Collector collector;
  collector.visit(expr);
  return collector.take();
}

std::vector<Reference> references(const Body& body) {
  Collector collector;
  collector.visit(body);
  return collector.take();
}

}  // namespace weir::lang
