#include "profiler/symbols/itanium/printer.h"

#include <algorithm>

namespace weir::profiler::itanium {

std::string Printer::text_of(Node* root) && {
  print_unless_nested(root);
  return std::move(out_);
}

void Printer::print(Node* node) {
  // What a conversion operator converts to may contain itself.
  if (node->printing > 1) return;
  ++node->printing;
  print_unless_nested(node);
  --node->printing;
}

void Printer::print_unless_nested(Node* node) {
  Descent down(tree_);
  if (!down) return;
  print_name(node) || print_made_up_name(node) || print_type(node) || print_plain_type(node) ||
      print_declaration(node) || print_expression(node);
}

bool Printer::print_name(Node* node) {
  switch (node->kind) {
    case Kind::name: return write(node->text), true;
    case Kind::qualified:
      print(node->a);
      write("::");
      print(node->b);
      return true;
    case Kind::templated: return templated(node), true;
    case Kind::parameter: return parameter(node), true;
    case Kind::typed: return typed(node), true;
    case Kind::tagged:
      print(node->a);
      between("[abi:", node->b, "]");
      return true;
    case Kind::operator_: return operator_name(node), true;
    case Kind::cast: return between("operator ", node->a, ""), true;
    case Kind::constructor: return print(node->a), true;
    case Kind::destructor: return between("~", node->a, ""), true;
    case Kind::declared_argument: return print(node->b), true;
    case Kind::friend_: return between("", node->a, "[friend]"), true;
    case Kind::module_name: return module_name(node), true;
    case Kind::module_entity:
      between("", node->b, "@");
      print(node->a);
      return true;
    case Kind::constrained:
      between("", node->a, " requires ");
      print(node->b);
      return true;
    case Kind::enable_if:
      between("", node->a, " [enable_if:");
      print_list(node->list);
      write(']');
      return true;
    default: return false;
  }
}

// Of things that have none in the source.
bool Printer::print_made_up_name(Node* node) {
  switch (node->kind) {
    case Kind::special: return between(node->text, node->a, ""), true;
    case Kind::construction:
      between("construction vtable for ", node->a, "-in-");
      print(node->b);
      return true;
    case Kind::default_argument:
      write_aside("{default arg#" + std::to_string(node->number + 1) + "}::");
      print(node->a);
      return true;
    case Kind::closure:
      write("{lambda");
      closure_types(node);
      write("#" + std::to_string(node->number + 1) + "}");
      return true;
    case Kind::lambda_auto: return write_aside("auto:" + std::to_string(node->number + 1)), true;
    case Kind::unnamed_type: write("{unnamed type#" + std::to_string(node->number + 1) + "}"); return true;
    case Kind::unnamed_enum:
      between("{enum:", node->a, "{");
      between("", node->b, "}}");
      return true;
    case Kind::bindings:
      write('[');
      print_list(node->list);
      write(']');
      return true;
    default: return false;
  }
}

void Printer::between(std::string_view open, Node* node, std::string_view close) {
  write(open);
  print(node);
  write(close);
}

void Printer::print_list(Nodes nodes) {
  bool is_first = true;
  for (Node* node : nodes) {
    if (!std::exchange(is_first, false)) write(", ");
    print(node);
  }
}

void Printer::print_full(Nodes nodes) {
  bool is_first = true;
  for (Node* node : nodes) {
    if (is_empty(node)) continue;
    if (!std::exchange(is_first, false)) write(", ");
    print(node);
  }
}

bool Printer::is_empty(Node* node) {
  Descent down(tree_);
  if (!down) return true;
  switch (node->kind) {
    case Kind::pack: return std::ranges::all_of(node->list, [&](Node* each) { return is_empty(each); });
    case Kind::expressions: return node->list.empty();
    case Kind::pack_expansion: return node->link != nullptr && is_empty(node->a);
    default: return false;
  }
}

// The name goes to where the type wants it.
void Printer::typed(Node* node) {
  std::vector<Node*> outer = std::exchange(around_, {node});
  print(node->b);
  if (!around_.empty()) between(" ", node->a, "");
  around_ = std::move(outer);
}

void Printer::templated(Node* node) {
  std::vector<Node*> outer = std::exchange(around_, {});
  print(node->a);
  if (mode_ != Demangle::simplified) {
    if (last_ == '<') write(' ');
    write('<');
    print_full(node->list);
    if (last_ == '>') write(' ');
    write('>');
  }
  around_ = std::move(outer);
}

void Printer::parameter(Node* node) {
  auto index = static_cast<std::size_t>(node->number);
  if (node->link == nullptr || index >= node->link->list.size()) return tree_.exhaust();
  print(node->link->list[index]);
}

void Printer::operator_name(Node* node) {
  std::string_view sign = node->text;
  write("operator");
  if (!sign.empty() && sign[0] >= 'a' && sign[0] <= 'z') write(' ');
  if (sign.ends_with(' ')) sign.remove_suffix(1);
  write(sign);
}

void Printer::module_name(Node* node) {
  if (node->a != nullptr) print(node->a);
  if (node->flag || node->a != nullptr) write(node->flag ? ':' : '.');
  print(node->b);
}

void Printer::closure_types(Node* node) {
  if (node->a != nullptr) {
    write('<');
    print_list(node->a->list);
    write('>');
  }
  if (node->b != nullptr) between(" requires ", node->b, " ");
  write('(');
  print_list(node->list);
  write(')');
  if (node->c != nullptr) between(" requires ", node->c, "");
}

void Printer::write(std::string_view text) {
  if (!text.empty()) last_ = text.back();
  write_aside(text);
}

void Printer::write_aside(std::string_view text) {
  if (!tree_.spend(text.size())) return;
  if (out_.size() + text.size() > max_size_) return tree_.exhaust();
  out_ += text;
}

}  // namespace weir::profiler::itanium
