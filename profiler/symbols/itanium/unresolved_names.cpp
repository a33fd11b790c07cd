// In expressions: names that wait for a template's arguments, and literals.
#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

bool is_array(const Node* type) {
  if (type->kind == Kind::qualified_type) type = type->a;
  return type->kind == Kind::array;
}

}  // namespace

// A name whose meaning only its template's arguments will tell.
Node* Parser::unresolved_name() {
  Descent down(tree_);
  if (!down) return fail();
  if (take("gs")) {
    Node* global = make({.kind = Kind::operator_, .text = "::"});
    return make({.kind = Kind::unary, .a = global, .b = unresolved_name()});
  }
  if (!take("sr")) return base_unresolved_name();
  if (rest_.empty()) return fail();
  if (!at('T') && !at('D') && !at('S')) return unresolved_scope();
  Node* scope = type(Of::plain);
  Node* node = base_unresolved_name();
  node = make({.kind = Kind::qualified, .a = scope, .b = node});
  if (!at('I')) return node;
  node = templated(node);
  candidates_.push_back(node);
  return node;
}

Node* Parser::unresolved_scope() {
  Node* scope = take('N') ? type(Of::plain) : nullptr;
  while (!at('E')) {
    if (has_failed()) return fail();
    // Some compilers leave out the rest when the scope is the whole name.
    if (scope != nullptr && scope->kind == Kind::qualified && !rest_.empty() && !at_digit()) {
      Node* outer = scope->a;
      if (outer->kind == Kind::templated) candidates_.push_back(outer->a);
      candidates_.push_back(outer);
      return scope;
    }
    Node* part = source_name();
    if (at('I')) {
      candidates_.push_back(part);
      part = templated(part);
    }
    scope = scope == nullptr ? part : make({.kind = Kind::qualified, .a = scope, .b = part});
  }
  if (scope == nullptr) return fail();
  skip(1);
  return make({.kind = Kind::qualified, .a = scope, .b = base_unresolved_name()});
}

Node* Parser::base_unresolved_name() {
  Node* node = nullptr;
  if (take("dn")) {
    Node* of = at_digit() ? source_name() : type(Of::plain);
    node = make({.kind = Kind::destructor, .a = of});
  } else if (at_digit()) {
    node = source_name();
  } else {
    take("on");
    node = operator_name(In::expression).node;
  }
  return at('I') ? templated(node) : node;
}

// A literal, or the address of something that has a mangled name.
Node* Parser::primary() {
  skip(1);
  if (rest_.empty()) return fail();
  if (at('_') || at('Z')) {
    take('_');
    expect('Z');
    Node* node = encoding(Parameters::read, Place::anywhere);
    expect('E');
    return node;
  }
  Node* of = type(Of::plain);
  bool is_negative = take('n');
  if (at('E') && !(of->kind == Kind::builtin && of->text == "decltype(nullptr)")) return valueless(of);
  std::string_view value = rest_.substr(0, rest_.find('E'));
  skip(value.size());
  expect('E');
  return make({.kind = Kind::literal, .flag = is_negative, .text = value, .a = of});
}

Node* Parser::valueless(Node* type) {
  skip(1);
  if (type->kind == Kind::closure) return make({.kind = Kind::lambda_expression, .a = type});
  return is_array(type) ? make({.kind = Kind::string_literal, .a = type}) : fail();
}

}  // namespace weir::profiler::itanium
