#include <algorithm>
#include <string>

#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

// By letter: 'a' …
constexpr std::string_view kBuiltins[26] = {"signed char",
                                            "bool",
                                            "char",
                                            "double",
                                            "long double",
                                            "float",
                                            "__float128",
                                            "unsigned char",
                                            "int",
                                            "unsigned int",
                                            "",
                                            "long",
                                            "unsigned long",
                                            "__int128",
                                            "unsigned __int128",
                                            "",
                                            "",
                                            "",
                                            "short",
                                            "unsigned short",
                                            "",
                                            "void",
                                            "wchar_t",
                                            "long long",
                                            "unsigned long long",
                                            "..."};

std::string_view builtin(char code) {
  return is_lower(code) ? kBuiltins[code - 'a'] : std::string_view();
}

}  // namespace

Node* Parser::type(Of of) {
  Descent down(tree_);
  if (!down || rest_.empty()) return fail();
  Node* by = qualifiers();
  if (rest_.empty()) return fail();
  if (std::string_view text = builtin(rest_[0]); !text.empty()) {
    skip(1);
    Node* node = make({.kind = Kind::builtin, .text = text});
    if (by == nullptr) return node;
    node = make({.kind = Kind::qualified_type, .a = node, .b = by});
    candidates_.push_back(node);
    return node;
  }
  bool is_candidate = by == nullptr || !at('F');
  Node* node = unqualified_type(of, is_candidate);
  if (has_failed()) return fail();
  if (is_candidate) candidates_.push_back(node);
  if (by == nullptr) return node;
  if (node->kind == Kind::function) {
    node = make({.kind = Kind::qualified_method, .a = node, .b = by});
  } else if (node->kind == Kind::qualified_method) {
    node->b = merge_qualifiers(tree_, by, node->b);
  } else if (node->kind == Kind::qualified_type) {
    node = make({.kind = Kind::qualified_type, .a = node->a, .b = merge_qualifiers(tree_, by, node->b)});
  } else {
    node = make({.kind = Kind::qualified_type, .a = node, .b = by});
  }
  candidates_.push_back(node);
  return node;
}

Node* Parser::unqualified_type(Of of, bool& is_candidate) {
  char code = rest_[0];
  if (is_digit(code)) return name().node;
  switch (code) {
    case 'u': return vendor_type();
    case 'F': return function_type();
    case 'N':
    case 'W':
    case 'Z': return name().node;
    case 'A': return array_type(of);
    case 'T': return template_parameter_type(of);
    case 'S': return substituted_type(of, is_candidate);
    case 'O': return derived(Kind::rvalue_reference, of);
    case 'P': return derived(Kind::pointer, of);
    case 'R': return derived(Kind::reference, of);
    case 'C': return derived(Kind::complex, of);
    case 'G': return derived(Kind::imaginary, of);
    case 'D': return d_type(of, is_candidate);
    case 'M': {
      skip(1);
      Node* of_class = type(Of::plain);
      return make({.kind = Kind::member_pointer, .a = of_class, .b = type(of)});
    }
    case 'U':
      if (!at("Ue") && !at("Ul") && !at("Ut")) return vendor_qualified(of);
      is_candidate = false;  // or one already
      return unnamed();
    default: return fail();
  }
}

Node* Parser::derived(Kind kind, Of of) {
  skip(1);
  return make({.kind = kind, .a = type(of)});
}

Node* Parser::vendor_type() {
  skip(1);
  Node* node = source_name();
  if (!take('I')) return node;
  Node* base = type(Of::plain);
  expect('E');
  return make({.kind = Kind::transformed, .text = node->text, .a = base});
}

Node* Parser::vendor_qualified(Of of) {
  skip(1);
  Node* qualifier = source_name();
  if (at('I')) qualifier = templated(qualifier);
  return make({.kind = Kind::vendor_qualified, .a = qualifier, .b = type(of)});
}

Node* Parser::template_parameter_type(Of of) {
  char kind = peek(1);
  if (kind == 's' || kind == 'u' || kind == 'e') {
    skip(2);
    std::string_view text = kind == 's' ? "struct" : kind == 'u' ? "union" : "enum";
    return make({.kind = Kind::elaborated, .text = text, .a = name().node});
  }
  Node* node = template_parameter();
  if (!at('I')) return node;
  if (of == Of::conversion) return conversion_arguments(node, true);
  candidates_.push_back(node);
  return templated(node);
}

Node* Parser::substituted_type(Of of, bool& is_candidate) {
  char code = peek(1);
  if (!is_digit(code) && code != '_' && !is_upper(code)) {
    Node* node = name().node;
    if (node->is_standard) is_candidate = false;
    return node;
  }
  Node* node = substitution(false);
  if (node->kind == Kind::module_name) {
    Unqualified found = unqualified_name(node);
    node = found.node;
    if (found.cast != nullptr) bind(node, nullptr);
    candidates_.push_back(node);
  }
  if (!at('I')) {
    is_candidate = false;
    return node;
  }
  if (node->kind != Kind::parameter || of != Of::conversion) return templated(node);
  Node* whole = conversion_arguments(node, false);
  if (whole == node) is_candidate = false;
  return whole;
}

// The arguments behind the type of a conversion operator may be the type's or the
// operator's. They are the type's when more arguments follow.
Node* Parser::conversion_arguments(Node* type, bool is_new) {
  State before = state();
  Arguments arguments = template_arguments();
  if (!failed_ && at('I')) {
    if (is_new) candidates_.push_back(type);
    return constrained(make({.kind = Kind::templated, .a = type, .list = arguments.list}),
                       arguments.constraint);
  }
  restore(before);
  return tree_.is_exhausted() ? fail() : type;
}

// The innermost comes first.
Node* Parser::qualifiers() {
  std::vector<Node*> list;
  while (Node* each = qualifier()) list.push_back(each);
  if (list.empty()) return nullptr;
  std::ranges::reverse(list);
  return make({.kind = Kind::qualifiers, .list = tree_.keep(list)});
}

Node* Parser::qualifier() {
  if (take('r')) return make({.kind = Kind::qualifier, .text = "restrict"});
  if (take('V')) return make({.kind = Kind::qualifier, .text = "volatile"});
  if (take('K')) return make({.kind = Kind::qualifier, .text = "const"});
  if (take("Dx")) return make({.kind = Kind::qualifier, .text = "transaction_safe"});
  if (take("Do")) return make({.kind = Kind::qualifier, .text = "noexcept"});
  if (take("DO")) {
    Node* condition = expression();
    expect('E');
    return make({.kind = Kind::qualifier, .text = "noexcept", .list = tree_.keep({{condition}})});
  }
  if (!take("Dw")) return nullptr;
  Nodes types = parameter_list(false);
  expect('E');
  return make({.kind = Kind::qualifier, .text = "throw", .list = types});
}

std::string_view Parser::ref_qualifier() {
  if (take('R')) return "&";
  return take('O') ? "&&" : "";
}

// At least one; (void) is none.
Nodes Parser::parameter_list(bool has_explicit_object) {
  std::vector<Node*> list;
  while (!rest_.empty() && !at('E') && !at('.') && !at("RE") && !at("OE") && !at('Q')) {
    Node* node = type(Of::plain);
    if (list.empty() && has_explicit_object) node = make({.kind = Kind::explicit_object, .a = node});
    list.push_back(node);
  }
  if (list.empty()) fail();
  if (list.size() == 1 && list[0]->kind == Kind::builtin && list[0]->text == "void") return {};
  return tree_.keep(list);
}

Node* Parser::function_type() {
  skip(1);
  take('Y');
  Node* node = bare_function_type(true, false);
  std::string_view ref = ref_qualifier();
  if (!ref.empty()) node = make({.kind = Kind::qualified_method, .text = ref, .a = node});
  expect('E');
  return node;
}

Node* Parser::bare_function_type(bool has_return_type, bool has_explicit_object) {
  if (take('J')) has_return_type = true;
  Node* returned = has_return_type ? type(Of::plain) : nullptr;
  return make({.kind = Kind::function, .a = returned, .list = parameter_list(has_explicit_object)});
}

Node* Parser::array_type(Of of) {
  skip(1);
  Node* dimension = nullptr;
  if (at('_')) {
    dimension = make({.kind = Kind::name});
  } else if (at_digit()) {
    std::size_t size = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    dimension = make({.kind = Kind::name, .text = rest_.substr(0, size)});
    skip(size);
  } else {
    dimension = expression();
  }
  expect('_');
  Node* element = type(of);
  if (element->kind != Kind::qualified_type) return make({.kind = Kind::array, .a = dimension, .b = element});
  Node* plain = make({.kind = Kind::array, .a = dimension, .b = element->a});
  return make({.kind = Kind::qualified_type, .a = plain, .b = element->b});
}

Node* Parser::vector_type(Of of) {
  Node* dimension = nullptr;
  if (take('_')) {
    dimension = expression();
  } else {
    dimension = make({.kind = Kind::name, .text = tree_.keep(std::to_string(number()))});
  }
  expect('_');
  return make({.kind = Kind::vector, .a = dimension, .b = type(of)});
}

}  // namespace weir::profiler::itanium
