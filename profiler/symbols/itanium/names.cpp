#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

// Where the name of a local name stands in it; nothing when it is none.
Node** local_part(Node* name) {
  if (name->kind != Kind::qualified || !name->flag) return nullptr;
  return name->b->kind == Kind::default_argument ? &name->b->a : &name->b;
}

// Takes the qualifiers of a method off its name: the node that carried them, or nothing.
Node* take_qualifiers(Node*& name) {
  if (name->kind != Kind::qualified_method) return nullptr;
  return std::exchange(name, name->a);
}

bool is_structor_or_cast(const Node* node) {
  while (node->kind == Kind::qualified) node = node->b;
  return node->kind == Kind::constructor || node->kind == Kind::destructor || node->kind == Kind::cast;
}

// Only functions made from templates are mangled with what they return.
bool has_return_type(const Node* node) {
  for (;;) {
    switch (node->kind) {
      case Kind::qualified:
        if (!node->flag) return false;
        node = node->b;
        break;
      case Kind::qualified_type:
      case Kind::qualified_method:
      case Kind::constrained: node = node->a; break;
      case Kind::templated: return !is_structor_or_cast(node->a);
      default: return false;
    }
  }
}

// The template whose arguments the parameters of a function speak of.
Node* template_of(Node* node) {
  while (node != nullptr && node->kind != Kind::templated) {
    switch (node->kind) {
      case Kind::qualified:
        node = node->flag || node->b->kind == Kind::constructor ? node->b : nullptr;
        break;
      case Kind::qualified_method:
      case Kind::constrained: node = node->a; break;
      case Kind::constructor: node = node->b; break;
      default: node = nullptr;
    }
  }
  return node;
}

// The name a constructor repeats.
Node* last_name(Node* node) {
  for (;;) {
    switch (node->kind) {
      case Kind::templated:
      case Kind::tagged: node = node->a; break;
      case Kind::qualified: node = node->b; break;
      default: return node;
    }
  }
}

}  // namespace

Node* Parser::encoding(Parameters parameters, Place place) {
  Descent down(tree_);
  if (!down || rest_.empty()) return fail();
  if (at('G') || at('T')) return special_name();
  auto [node, has_explicit_object] = name();
  if (has_failed()) return fail();
  node = simplify(node);
  if (parameters == Parameters::omit) {
    take_qualifiers(node);
    if (Node** local = local_part(node)) take_qualifiers(*local);
    return node;
  }
  return rest_.empty() || at('E') ? node : function(node, has_explicit_object, place);
}

// `name` with the type of the function that it names.
Node* Parser::function(Node* name, bool has_explicit_object, Place place) {
  Node* around = template_of(name);
  std::size_t outer_level = lambda_level_;
  if (around != nullptr) {
    templates_.push_back(around);
    lambda_level_ = 0;
  }
  Arguments conditions;
  if (take("Ua9enable_if")) conditions = at('I') ? template_arguments() : Arguments{{}, fail()};
  Node* type = bare_function_type(has_return_type(name), has_explicit_object);
  Node* requirement = at('Q') ? constraint() : nullptr;
  if (around != nullptr && !has_failed()) {
    templates_.pop_back();
    lambda_level_ = outer_level;
  }
  if (has_failed()) return fail();
  type = simplify(type);
  if (place == Place::around_local && type->kind == Kind::function) type->flag = true;
  // The qualifiers of a method follow its parameters.
  if (Node* carrier = take_qualifiers(name)) {
    carrier->a = type;
    type = carrier;
  }
  if (Node** local = local_part(name)) {
    if (Node* carrier = take_qualifiers(*local)) {
      carrier->a = type;
      type = carrier;
    }
  }
  if (name->kind == Kind::constrained && requirement == nullptr) {
    requirement = name->b;
    name = name->a;
  }
  Node* typed = make({.kind = Kind::typed, .a = name, .b = type});
  return constrained(enabled_if(typed, conditions), requirement);
}

Node* Parser::enabled_if(Node* typed, const Arguments& conditions) {
  if (conditions.list.empty()) return typed;
  return constrained(make({.kind = Kind::enable_if, .a = typed, .list = conditions.list}),
                     conditions.constraint);
}

Parser::Name Parser::name() {
  Descent down(tree_);
  if (!down || rest_.empty()) return {fail()};
  if (at('N')) return nested_name();
  if (at('Z')) return local_name();
  Node* module = nullptr;
  Unqualified found;
  bool is_candidate = true;
  if (take("St")) {
    found = unqualified_name(nullptr);
    Node* std = make({.kind = Kind::name, .text = "std"});
    found.node = make({.kind = Kind::qualified, .a = std, .b = found.node});
  } else if (at('S')) {
    found.node = substitution(false);
    is_candidate = false;
    if (found.node->kind == Kind::module_name) module = std::exchange(found.node, nullptr);
  }
  if (found.node == nullptr) {
    found = unqualified_name(module);
    is_candidate = true;
  }
  if (!at('I')) {
    if (found.cast != nullptr) bind(found.node, nullptr);
    return {found.node};
  }
  if (is_candidate) candidates_.push_back(found.node);
  Arguments arguments = template_arguments();
  Node* whole = make({.kind = Kind::templated, .a = found.node, .list = arguments.list});
  if (found.cast != nullptr) bind_cast(found.node, whole);
  return {constrained(whole, arguments.constraint)};
}

Parser::Name Parser::nested_name() {
  skip(1);
  bool has_explicit_object = take('H');
  Node* qualified_by = has_explicit_object ? nullptr : qualifiers();
  std::string_view ref = has_explicit_object ? "" : ref_qualifier();
  Node* node = prefix();
  if (qualified_by != nullptr || !ref.empty())
    node = make({.kind = Kind::qualified_method, .text = ref, .a = node, .b = qualified_by});
  expect('E');
  return {node, has_explicit_object};
}

// What is declared in a function: its encoding, then the name.
Parser::Name Parser::local_name() {
  skip(1);
  Node* around = encoding(Parameters::read, Place::around_local);
  expect('E');
  if (take('s')) {
    discriminator();
    Node* text = make({.kind = Kind::name, .text = "string literal"});
    return {make({.kind = Kind::qualified, .flag = true, .a = around, .b = text})};
  }
  bool in_default_argument = take('d');
  int index = in_default_argument ? compact_number() : 0;
  auto [node, has_explicit_object] = name();
  discriminator();
  if (in_default_argument) node = make({.kind = Kind::default_argument, .number = index, .a = node});
  return {make({.kind = Kind::qualified, .flag = true, .a = around, .b = node}), has_explicit_object};
}

Node* Parser::prefix() {
  Prefix prefix;
  while (prefix_part(prefix)) {
  }
  return has_failed() ? fail() : prefix.whole;
}

// One more part; false at the end.
bool Parser::prefix_part(Prefix& prefix) {
  if (has_failed() || rest_.empty()) {
    fail();
    return false;
  }
  char first = rest_[0];
  if (first == 'E') {
    if (prefix.whole == nullptr) fail();
    Node* to = prefix.cast != nullptr ? prefix.cast->a : nullptr;
    if (prefix.cast != nullptr) bind(prefix.cast, to->kind == Kind::templated ? to : nullptr);
    return false;
  }
  if (first == 'M' && prefix.whole != nullptr) {  // what follows belongs to the initializer of a member
    skip(1);
    return true;
  }
  Node* next = prefix_name(prefix);
  if (next == nullptr) return true;
  prefix.last = next;
  bool is_whole = prefix.whole == nullptr || first == 'I' || first == 'J';
  prefix.whole = is_whole ? next : make({.kind = Kind::qualified, .a = prefix.whole, .b = next});
  if (first != 'S' && !at('E')) candidates_.push_back(prefix.whole);
  return true;
}

// Nothing when it was but the name of a module.
Node* Parser::prefix_name(Prefix& prefix) {
  char first = rest_[0];
  if (is_digit(first) || is_lower(first) || first == 'U' || first == 'L' || first == 'F' || first == 'W' ||
      at("DC")) {
    Unqualified found = unqualified_name(std::exchange(prefix.module, nullptr));
    if (found.cast != nullptr && prefix.cast != nullptr) return fail();
    if (found.cast != nullptr) prefix.cast = found.cast;
    return found.node;
  }
  switch (first) {
    case 'C': return constructor(prefix);
    case 'D': return at("DT") || at("Dt") ? type(Of::plain) : destructor(prefix);
    case 'I': return prefix_arguments(prefix);
    case 'J': return prefix_pack(prefix);
    case 'T': return template_parameter();
    case 'S': {
      Node* found = substitution(true);
      if (found->kind != Kind::module_name) return found;
      prefix.module = found;
      return nullptr;
    }
    default: return fail();
  }
}

Node* Parser::prefix_arguments(Prefix& prefix) {
  if (prefix.whole == nullptr) return fail();
  Arguments arguments = template_arguments();
  Node* whole = make({.kind = Kind::templated, .a = prefix.whole, .list = arguments.list});
  if (prefix.cast != nullptr) bind_cast(std::exchange(prefix.cast, nullptr), whole);
  return constrained(whole, arguments.constraint);
}

// Older compilers wrote packs of arguments so.
Node* Parser::prefix_pack(Prefix& prefix) {
  if (prefix.whole == nullptr) return fail();
  std::vector<Node*> list;
  while (!take('E') && !has_failed()) list.push_back(template_argument({}));
  Node* whole = make({.kind = Kind::templated, .a = prefix.whole, .list = tree_.keep(list)});
  if (prefix.cast != nullptr) bind_cast(std::exchange(prefix.cast, nullptr), whole);
  return whole;
}

Node* Parser::constructor(const Prefix& prefix) {
  skip(1);
  bool is_inherited = take('I');
  if (prefix.last == nullptr || peek(0) < '1' || peek(0) > '5') return fail();
  skip(1);
  Node* base = is_inherited ? type(Of::plain) : nullptr;
  return tagged(make({.kind = Kind::constructor, .a = last_name(prefix.last), .b = base}));
}

Node* Parser::destructor(const Prefix& prefix) {
  char variant = peek(1);
  if (prefix.last == nullptr || variant < '0' || variant > '5' || variant == '3') return fail();
  skip(2);
  return tagged(make({.kind = Kind::destructor, .a = last_name(prefix.last)}));
}

}  // namespace weir::profiler::itanium
