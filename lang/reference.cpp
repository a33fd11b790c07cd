#include <algorithm>
#include <utility>

#include "lang/eval.h"

namespace weir::lang {
namespace {

template <class Visit>
class Children {
 public:
  explicit Children(const Visit& visit) : visit_(visit) {}

  void operator()(const Literal&) const {}
  void operator()(const Identifier&) const {}
  void operator()(const ArrayExpr& array) const { all(array.elements); }
  void operator()(const ObjectExpr& object) const {
    for (const ObjectField& field : object.fields) visit_(*field.value);
  }
  void operator()(const AccessExpr& access) const { visit_(*access.object); }
  void operator()(const IndexExpr& index) const {
    visit_(*index.object);
    visit_(*index.index);
  }
  void operator()(const CallExpr& call) const {
    visit_(*call.function);
    all(call.arguments);
  }
  void operator()(const UnaryExpr& unary) const { visit_(*unary.operand); }
  void operator()(const BinaryExpr& binary) const {
    visit_(*binary.left);
    visit_(*binary.right);
  }
  void operator()(const ParenExpr& paren) const { visit_(*paren.inner); }

 private:
  void all(Exprs exprs) const {
    for (const Expr* expr : exprs) visit_(*expr);
  }

  const Visit& visit_;
};

template <class Visit>
void each_child(const Expr& expr, const Visit& visit) {
  std::visit(Children<Visit>(visit), expr.node);
}

class Collector {
 public:
  void visit(const Expr& expr) {
    if (!chain(expr)) each_child(expr, [this](const Expr& child) { visit(child); });
  }

  void visit(const Body& body) {
    for (const Statement& statement : body.statements) {
      if (auto* attribute = std::get_if<Attribute>(&statement)) {
        visit(*attribute->value);
      } else {
        visit(std::get<const Block*>(statement)->body);
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
      at = access->object;
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

  std::vector<Reference> found_;
};

}  // namespace

std::vector<Reference> references(const Expr& expr) {
  Collector collector;
  collector.visit(expr);
  return collector.take();
}

void visit_objects(const Expr& expr, const std::function<void(const ObjectExpr&)>& each) {
  if (auto* object = std::get_if<ObjectExpr>(&expr.node)) each(*object);
  each_child(expr, [&](const Expr& child) { visit_objects(child, each); });
}

bool reads_environment(const Reference& reference, Dialect dialect) {
  const auto& names = reference.names;
  if (names[0] == "env") return true;
  return dialect == Dialect::alloy && names.size() > 1 && names[0] == "sys" && names[1] == "env";
}

std::vector<Reference> references(const Body& body) {
  Collector collector;
  collector.visit(body);
  return collector.take();
}

}  // namespace weir::lang
