// Names without what is around them, and names of what has none: lambdas, unnamed types.
#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

bool is_anonymous(std::string_view name) {
  constexpr std::string_view kPrefix = "_GLOBAL_";
  if (!name.starts_with(kPrefix) || name.size() <= kPrefix.size() + 2) return false;
  char mark = name[kPrefix.size()];
  return (mark == '.' || mark == '_' || mark == '$') && name[kPrefix.size() + 1] == 'N';
}

}  // namespace

Parser::Unqualified Parser::unqualified_name(Node* module) {
  module = module_name(module);
  bool is_friend = take('F');
  if (rest_.empty()) return {fail()};
  Unqualified found = base_name();
  if (module != nullptr) found.node = make({.kind = Kind::module_entity, .a = module, .b = found.node});
  found.node = tagged(found.node);
  if (is_friend) found.node = make({.kind = Kind::friend_, .a = found.node});
  return found;
}

Parser::Unqualified Parser::base_name() {
  if (at_digit()) return {source_name()};
  if (is_lower(rest_[0])) return operator_or_cast();
  if (take("DC")) return {structured_bindings()};
  if (at('U')) return {unnamed()};
  if (!take('L')) return {fail()};
  Node* node = source_name();
  discriminator();
  return {node};
}

Parser::Unqualified Parser::operator_or_cast() {
  Operator op = operator_name(In::declaration);
  if (op.node->kind == Kind::cast) return {op.node, op.node};
  if (op.code != "li") return {op.node};
  return {make({.kind = Kind::unary, .a = op.node, .b = source_name()})};
}

Node* Parser::structured_bindings() {
  std::vector<Node*> names;
  do {
    names.push_back(source_name());
  } while (!take('E') && !has_failed());
  return make({.kind = Kind::bindings, .list = tree_.keep(names)});
}

Node* Parser::unnamed() {
  switch (peek(1)) {
    case 'b':
      skip(2);
      compact_number();
      return make({.kind = Kind::name, .text = "'block-literal'"});
    case 'e': return unnamed_enum();
    case 'l': return closure();
    case 't': return unnamed_type();
    default: return fail();
  }
}

Node* Parser::source_name() {
  int length = number();
  if (length <= 0 || static_cast<std::size_t>(length) > rest_.size()) return fail();
  std::string_view text = rest_.substr(0, static_cast<std::size_t>(length));
  skip(text.size());
  return make({.kind = Kind::name, .text = is_anonymous(text) ? "(anonymous namespace)" : text});
}

Node* Parser::tagged(Node* name) {
  while (take('B')) name = make({.kind = Kind::tagged, .a = name, .b = source_name()});
  return name;
}

Node* Parser::module_name(Node* parent) {
  while (take('W')) {
    bool is_partition = take('P');
    Node* name = source_name();
    parent = make({.kind = Kind::module_name, .flag = is_partition, .a = parent, .b = name});
    candidates_.push_back(parent);
  }
  return parent;
}

Node* Parser::closure() {
  skip(2);
  std::size_t outer_level = std::exchange(lambda_level_, templates_.size() + 1);
  std::vector<Node*> declarations;
  Node* scope = nullptr;
  std::vector<Node*> names;
  while (at('T') && !has_failed()) {
    Declaration each = declaration();
    if (each.node == nullptr) break;
    declarations.push_back(each.node);
    names.push_back(each.name);
    if (scope == nullptr) templates_.push_back(scope = make({.kind = Kind::templated}));
    scope->list = tree_.keep(names);
  }
  Node* names_constraint = at('Q') ? constraint() : nullptr;
  Nodes types = parameter_list(false);
  lambda_level_ = outer_level;
  if (scope != nullptr && !has_failed()) templates_.pop_back();
  Node* call_constraint = at('Q') ? constraint() : nullptr;
  expect('E');
  int index = compact_number();
  Node* declared =
      declarations.empty() ? nullptr : make({.kind = Kind::expressions, .list = tree_.keep(declarations)});
  return make({.kind = Kind::closure,
               .number = index,
               .a = declared,
               .b = names_constraint,
               .c = call_constraint,
               .list = types});
}

Node* Parser::unnamed_type() {
  skip(2);
  Node* node = make({.kind = Kind::unnamed_type, .number = compact_number()});
  candidates_.push_back(node);
  return node;
}

Node* Parser::unnamed_enum() {
  skip(2);
  Node* underlying = type(Of::plain);
  Node* node = make({.kind = Kind::unnamed_enum, .a = underlying, .b = source_name()});
  candidates_.push_back(node);
  return node;
}

}  // namespace weir::profiler::itanium
