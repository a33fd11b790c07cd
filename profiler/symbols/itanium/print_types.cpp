#include <string>

#include "profiler/symbols/itanium/printer.h"

namespace weir::profiler::itanium {

bool Printer::print_type(Node* node) {
  switch (node->kind) {
    case Kind::function: return function(node), true;
    case Kind::pointer:
    case Kind::reference:
    case Kind::rvalue_reference:
    case Kind::complex:
    case Kind::imaginary:
    case Kind::suffixed: return wrap(node, node->a), true;
    case Kind::qualified_type:
    case Kind::qualified_method: return qualified(node), true;
    case Kind::array: return array(node), true;
    case Kind::vendor_qualified:
    case Kind::vector:
    case Kind::member_pointer:
      around_.push_back(node);
      print(node->b);
      if (!around_.empty()) print_innermost();
      return true;
    default: return false;
  }
}

bool Printer::print_plain_type(Node* node) {
  switch (node->kind) {
    case Kind::builtin: return write(node->text), true;
    case Kind::qualifiers:
      for (std::size_t i = 0; i < node->list.size(); ++i) {
        if (i > 0) write(' ');
        print(node->list[i]);
      }
      return true;
    case Kind::qualifier: return qualifier(node), true;
    case Kind::transformed:
      write(node->text);
      between("(", node->a, ")");
      return true;
    case Kind::fixed_point: return fixed_point(node), true;
    case Kind::binary_float:
      write_aside("_Float" + std::to_string(node->number));
      write_aside(node->text);
      return true;
    case Kind::bit_int:
      write(node->flag ? "_BitInt(" : "unsigned _BitInt(");
      between("", node->a, ")");
      return true;
    case Kind::elaborated:
      write(node->text);
      between(" ", node->a, "");
      return true;
    case Kind::decltype_: return between("decltype (", node->a, ")"), true;
    case Kind::explicit_object: return between("this ", node->a, ""), true;
    case Kind::pack_expansion:
      if (node->link != nullptr) return print(node->a), true;
      in_parentheses(node->a);
      write("...");
      return true;
    case Kind::pack: return print_list(node->list), true;
    default: return false;
  }
}

bool Printer::print_declaration(Node* node) {
  switch (node->kind) {
    case Kind::declared_name:
      write(node->text);
      write(std::to_string(node->number));
      return true;
    case Kind::type_parameter:
      write("typename");
      print_all_around();
      parameter_name(node->a);
      return true;
    case Kind::constrained_parameter: return constrained_parameter(node), true;
    case Kind::value_parameter: return value_parameter(node), true;
    case Kind::template_parameter: return template_parameter(node), true;
    case Kind::parameter_pack: return parameter_pack(node), true;
    default: return false;
  }
}

// Functions and arrays put what is around them in their middle; whoever finds
// around_ empty afterwards has been printed already.
void Printer::wrap(Node* node, Node* inside) {
  around_.push_back(node);
  print(inside);
  if (around_.empty()) return;
  print_around(node);
  around_.pop_back();
}

void Printer::print_around(Node* node) {
  switch (node->kind) {
    case Kind::typed:
    case Kind::value_parameter:
    case Kind::constrained_parameter: return print(node->a);
    case Kind::qualified_type: return between(" ", node->b, "");
    case Kind::qualified_method: return method_qualifiers(node);
    case Kind::pointer: return write('*');
    case Kind::reference: return write('&');
    case Kind::rvalue_reference: return write("&&");
    case Kind::complex: return write(" _Complex");
    case Kind::imaginary: return write(" _Imaginary");
    case Kind::suffixed: write(' '); return write(node->text);
    case Kind::vendor_qualified: return between(" ", node->a, "");
    case Kind::vector: return between(" __vector(", node->a, ")");
    case Kind::array: return dimension(node);
    case Kind::function: return function_parameters(node);
    case Kind::member_pointer:
      if (last_ != '(') write(' ');
      return between("", node->a, "::*");
    case Kind::parameter_pack:
      write("...");
      if (node->a->kind == Kind::value_parameter) print(node->a->a);
      return;
    default: return print(node);
  }
}

void Printer::print_innermost() {
  Node* node = around_.back();
  around_.pop_back();
  print_around(node);
}

void Printer::print_all_around() {
  while (!around_.empty() && !tree_.is_exhausted()) print_innermost();
}

// All but the qualifiers of methods, which it returns: they follow the parameters.
std::vector<Node*> Printer::print_before_parameters() {
  std::vector<Node*> later;
  while (!around_.empty() && !tree_.is_exhausted()) {
    if (around_.back()->kind != Kind::qualified_method) {
      print_innermost();
      continue;
    }
    later.push_back(around_.back());
    around_.pop_back();
  }
  return later;
}

void Printer::qualified(Node* node) {
  around_.push_back(node);
  print(node->a);
  if (around_.empty()) return;
  print_around(node);
  if (!around_.empty()) around_.pop_back();
}

void Printer::method_qualifiers(Node* node) {
  if (node->b != nullptr) between(" ", node->b, "");
  if (node->text.empty()) return;
  write(' ');
  write(node->text);
}

void Printer::array(Node* node) {
  around_.push_back(node);
  print(node->b);
  if (around_.empty()) return;
  around_.pop_back();
  dimension(node);
}

void Printer::dimension(Node* node) {
  bool needs_space = true;
  while (!around_.empty() && !tree_.is_exhausted()) {
    Node* next = around_.back();
    if (next->kind == Kind::array) needs_space = false;
    if (next->kind == Kind::array || (next->kind == Kind::qualified_type && next->a->kind == Kind::array)) {
      print_innermost();
      continue;
    }
    write(" (");
    print_all_around();
    write(')');
  }
  between(needs_space ? " [" : "[", node->a, "]");
}

void Printer::function(Node* node) {
  // What encloses a local name is shown without what it returns.
  if (node->a != nullptr && !node->flag) {
    around_.push_back(node);
    print(node->a);
    if (around_.empty()) return;
    around_.pop_back();
    write(' ');
  }
  function_parameters(node);
}

// Whether what is around a function needs parentheses, and a space before them.
std::pair<bool, bool> Printer::parentheses() const {
  for (auto it = around_.rbegin(); it != around_.rend(); ++it) {
    switch ((*it)->kind) {
      case Kind::pointer:
      case Kind::reference:
      case Kind::rvalue_reference: return {true, last_ != '(' && last_ != '*'};
      case Kind::qualified_type:
      case Kind::complex:
      case Kind::imaginary:
      case Kind::member_pointer: return {true, true};
      default: break;
    }
  }
  return {false, false};
}

void Printer::function_parameters(Node* node) {
  auto [has_parentheses, has_space] = parentheses();
  if (has_space && last_ != ' ') write(' ');
  if (has_parentheses) write('(');
  std::vector<Node*> later = print_before_parameters();
  write(has_parentheses ? ")(" : "(");
  if (!node->flag || mode_ == Demangle::full) print_full(node->list);
  write(')');
  around_ = std::move(later);
  print_all_around();
}

void Printer::qualifier(Node* node) {
  write(node->text);
  if (node->list.empty()) return;
  write('(');
  bool is_first = true;
  for (Node* each : node->list) {
    if (each->kind == Kind::expressions && each->list.empty()) continue;
    if (!std::exchange(is_first, false)) write(", ");
    print(each);
  }
  write(')');
}

void Printer::fixed_point(Node* node) {
  if (node->number != 0) write("_Sat ");
  if (node->a->kind != Kind::builtin || node->a->text != "int") between("", node->a, " ");
  write(node->flag ? "_Accum" : "_Fract");
}

// Lambdas name their parameters, the parameters of these have no names.
void Printer::parameter_name(Node* name) {
  if (!in_template_parameter_) between(" ", name, "");
}

void Printer::value_parameter(Node* node) {
  around_.push_back(node);
  print(node->b);
  if (around_.empty()) return;
  parameter_name(node->a);
  around_.pop_back();
}

void Printer::constrained_parameter(Node* node) {
  around_.push_back(node);
  print(node->b);
  if (around_.empty()) return;
  between(" ", node->a, "");
  around_.pop_back();
}

void Printer::template_parameter(Node* node) {
  bool was_in = std::exchange(in_template_parameter_, true);
  std::vector<Node*> outer = std::exchange(around_, {});
  write("template<");
  print_list(node->list);
  write("> class");
  in_template_parameter_ = was_in;
  around_ = std::move(outer);
  print_all_around();
  parameter_name(node->a);
  if (node->c != nullptr) between(" requires ", node->c, "");
}

void Printer::parameter_pack(Node* node) {
  std::vector<Node*> outer = std::exchange(around_, {node});
  bool is_value = node->a->kind == Kind::value_parameter;
  print(is_value ? node->a->b : node->a);
  if (!around_.empty()) {
    write("...");
    if (is_value) parameter_name(node->a->a);
  }
  around_ = std::move(outer);
}

}  // namespace weir::profiler::itanium
