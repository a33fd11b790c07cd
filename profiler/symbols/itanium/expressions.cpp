#include <algorithm>

#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

struct OperatorWord {
  std::string_view code;
  std::string_view text;
  int operands;
};

// Sorted by code.
constexpr OperatorWord kOperators[] = {{"aN", "&=", 2},
                                       {"aS", "=", 2},
                                       {"aa", "&&", 2},
                                       {"ad", "&", 1},
                                       {"an", "&", 2},
                                       {"at", "alignof ", 1},
                                       {"aw", "co_await ", 1},
                                       {"az", "alignof ", 1},
                                       {"cc", "const_cast", 2},
                                       {"cl", "()", 2},
                                       {"cm", ",", 2},
                                       {"co", "~", 1},
                                       {"cp", "() ", 2},
                                       {"dV", "/=", 2},
                                       {"dX", "[...]=", 3},
                                       {"da", "delete[] ", 1},
                                       {"dc", "dynamic_cast", 2},
                                       {"de", "*", 1},
                                       {"di", "=", 2},
                                       {"dl", "delete ", 1},
                                       {"ds", ".*", 2},
                                       {"dt", ".", 2},
                                       {"dv", "/", 2},
                                       {"dx", "]=", 2},
                                       {"eO", "^=", 2},
                                       {"eo", "^", 2},
                                       {"eq", "==", 2},
                                       {"fL", "...", 3},
                                       {"fR", "...", 3},
                                       {"fl", "...", 2},
                                       {"fr", "...", 2},
                                       {"ge", ">=", 2},
                                       {"gs", "::", 1},
                                       {"gt", ">", 2},
                                       {"ix", "[]", 2},
                                       {"lS", "<<=", 2},
                                       {"le", "<=", 2},
                                       {"li", "operator\"\" ", 1},
                                       {"ls", "<<", 2},
                                       {"lt", "<", 2},
                                       {"mI", "-=", 2},
                                       {"mL", "*=", 2},
                                       {"mi", "-", 2},
                                       {"ml", "*", 2},
                                       {"mm", "--", 1},
                                       {"na", "new[]", 3},
                                       {"ne", "!=", 2},
                                       {"ng", "-", 1},
                                       {"nt", "!", 1},
                                       {"nw", "new", 3},
                                       {"nx", "noexcept", 1},
                                       {"oR", "|=", 2},
                                       {"oo", "||", 2},
                                       {"or", "|", 2},
                                       {"pL", "+=", 2},
                                       {"pl", "+", 2},
                                       {"pm", "->*", 2},
                                       {"pp", "++", 1},
                                       {"ps", "+", 1},
                                       {"pt", "->", 2},
                                       {"qu", "?", 3},
                                       {"rM", "%=", 2},
                                       {"rS", ">>=", 2},
                                       {"rc", "reinterpret_cast", 2},
                                       {"rm", "%", 2},
                                       {"rs", ">>", 2},
                                       {"sP", "sizeof...", 1},
                                       {"sZ", "sizeof...", 1},
                                       {"sc", "static_cast", 2},
                                       {"ss", "<=>", 2},
                                       {"st", "sizeof ", 1},
                                       {"sz", "sizeof ", 1},
                                       {"te", "typeid ", 1},
                                       {"ti", "typeid ", 1},
                                       {"tr", "throw", 0},
                                       {"tw", "throw ", 1}};
static_assert(std::ranges::is_sorted(kOperators, {}, &OperatorWord::code));

}  // namespace

Parser::Operator Parser::operator_name(In in) {
  if (rest_.size() < 2) return {fail()};
  std::string_view code = rest_.substr(0, 2);
  skip(2);
  if (code[0] == 'v' && is_digit(code[1])) {  // of a vendor, with so many operands
    Node* name = source_name();
    return {make({.kind = Kind::operator_, .text = name->text}), code, code[1] - '0'};
  }
  if (code == "cv") {
    // In a declaration the template arguments that the type may speak of come only later.
    if (in == In::declaration) templates_.push_back(nullptr);
    Node* to = type(in == In::declaration ? Of::conversion : Of::plain);
    if (in == In::declaration && !has_failed()) templates_.pop_back();
    return {make({.kind = Kind::cast, .a = to}), code, 1};
  }
  const auto* found = std::ranges::lower_bound(kOperators, code, {}, &OperatorWord::code);
  if (found == std::end(kOperators) || found->code != code) return {fail()};
  return {make({.kind = Kind::operator_, .text = found->text}), code, found->operands};
}

Node* Parser::expression() {
  Descent down(tree_);
  if (!down || rest_.empty()) return fail();
  if (at('L')) return primary();
  if (at('T')) return template_parameter();
  if (at('s')) return s_expression();
  if (at("fp") || (at("fL") && is_digit(peek(2)))) return parameter_expression();
  if (at("mc")) return member_cast();
  if (at_digit() || at("on")) return named_expression();
  if (at("il") || at("tl")) {
    bool has_type = at('t');
    skip(2);
    Node* of = has_type ? type(Of::plain) : nullptr;
    return make({.kind = Kind::initializer, .a = of, .b = expression_list('E')});
  }
  if (at('u')) return vendor_expression();
  if (at("rq") || at("rQ")) return requires_expression();
  return operation();
}

Node* Parser::named_expression() {
  take("on");
  Unqualified found = unqualified_name(nullptr);
  if (found.cast != nullptr) bind(found.node, nullptr);
  return at('I') ? templated(found.node) : found.node;
}

Node* Parser::s_expression() {
  if (take("so")) return subobject();
  if (at("sr")) return unresolved_name();
  if (take("sp")) {
    Node* node = expression();
    return make({.kind = Kind::pack_expansion, .a = node, .link = find_pack(tree_, walks_, node)});
  }
  if (take("sZ")) {
    Node* pack = find_pack(tree_, walks_, expression());
    return pack == nullptr ? fail() : make({.kind = Kind::pack_size, .link = pack});
  }
  if (take("sP")) return make({.kind = Kind::argument_count, .list = arguments_until_end()->list});
  if (!at("st")) return operation();
  Operator op = operator_name(In::expression);
  return make({.kind = Kind::unary, .number = 1, .a = op.node, .b = type(Of::plain)});
}

// A parameter of the function around, or of one around that.
Node* Parser::parameter_expression() {
  bool has_level = at("fL");
  skip(2);
  if (has_level) {
    number();
    expect('p');
  } else if (take('T')) {
    return make({.kind = Kind::function_parameter, .number = 0});
  }
  qualifiers();
  int index = compact_number();
  return make({.kind = Kind::function_parameter, .number = index + 1});
}

Node* Parser::member_cast() {
  skip(2);
  Node* to = type(Of::plain);
  Node* node = expression();
  if (at_number()) number();
  expect('E');
  return make({.kind = Kind::member_cast, .a = to, .b = node});
}

Node* Parser::subobject() {
  Node* of = type(Of::plain);
  Node* node = expression();
  int offset = at_number() ? number() : 0;
  while (take('_')) {  // which members of unions: not shown
    if (at_number()) number();
  }
  take('p');
  expect('E');
  return make({.kind = Kind::subobject, .number = offset, .a = of, .b = node});
}

Node* Parser::vendor_expression() {
  skip(1);
  Node* name = source_name();
  Node* call = make({.kind = Kind::operator_, .text = "()"});
  Node* operands = nullptr;
  if (name->text == "__uuidof" && (at('t') || at('z'))) {
    bool is_type = at('t');
    skip(1);
    Node* operand = is_type ? type(Of::plain) : expression();
    operands = make({.kind = Kind::expressions, .list = tree_.keep({{operand}})});
  } else {
    operands = arguments_until_end();
  }
  return make({.kind = Kind::binary, .a = call, .b = name, .c = operands});
}

Node* Parser::requires_expression() {
  bool has_parameters = at("rQ");
  skip(2);
  Node* parameters = nullptr;
  if (has_parameters) {
    std::vector<Node*> list;
    while (!take('_') && !has_failed()) list.push_back(type(Of::plain));
    if (!list.empty()) parameters = make({.kind = Kind::expressions, .list = tree_.keep(list)});
  }
  std::vector<Node*> requirements;
  while (!take('E') && !has_failed()) requirements.push_back(requirement());
  return make({.kind = Kind::requires_, .a = parameters, .list = tree_.keep(requirements)});
}

Node* Parser::requirement() {
  if (take('T')) return make({.kind = Kind::type_requirement, .a = type(Of::plain)});
  if (take('Q')) return make({.kind = Kind::nested_requirement, .a = expression()});
  if (!take('X')) return fail();
  Node* node = expression();
  bool is_noexcept = take('N');
  Node* result = take('R') ? name().node : nullptr;
  return make({.kind = Kind::requirement, .flag = is_noexcept, .a = node, .b = result});
}

Node* Parser::operation() {
  Operator op = operator_name(In::expression);
  if (has_failed()) return fail();
  switch (op.operands) {
    case 0: return make({.kind = Kind::nullary, .a = op.node});
    case 1: return unary(op);
    case 2: return binary(op);
    case 3: return ternary(op);
    default: return fail();
  }
}

Node* Parser::unary(const Operator& op) {
  bool is_behind = (op.code == "pp" || op.code == "mm") && !take('_');
  bool is_list = op.node->kind == Kind::cast && take('_');
  Node* operand = is_list ? expression_list('E') : expression();
  return make({.kind = Kind::unary, .flag = is_behind, .a = op.node, .b = operand});
}

Node* Parser::binary(const Operator& op) {
  if (op.code[0] == 'f') {
    Node* folded = operator_name(In::expression).node;
    return make({.kind = Kind::fold, .flag = op.code == "fl", .a = folded, .b = expression()});
  }
  Node* left = nullptr;
  if (op.code == "sc" || op.code == "dc" || op.code == "cc" || op.code == "rc") {
    left = type(Of::plain);
  } else if (op.code == "di") {
    Unqualified member = unqualified_name(nullptr);
    if (member.cast != nullptr) bind(member.node, nullptr);
    left = member.node;
  } else {
    left = expression();
  }
  Node* right = nullptr;
  if (op.code == "cl" || op.code == "cp") {
    right = expression_list('E');
  } else if (op.code != "dt" && op.code != "pt") {
    right = expression();
  } else if (at('L')) {
    right = primary();
  } else {
    right = unresolved_name();
    if (at('I')) right = templated(right);
  }
  return make({.kind = Kind::binary, .a = op.node, .b = left, .c = right});
}

Node* Parser::ternary(const Operator& op) {
  if (op.code[0] == 'n') return new_expression();
  if (op.code[0] == 'f') {
    Node* folded = operator_name(In::expression).node;
    Node* first = expression();
    return make({.kind = Kind::fold, .flag = op.code == "fL", .a = folded, .b = first, .c = expression()});
  }
  Node* first = expression();
  Node* second = expression();
  Node* third = expression();
  return make({.kind = Kind::ternary, .a = op.node, .list = tree_.keep({{first, second, third}})});
}

Node* Parser::new_expression() {
  Node* place = expression_list('_');
  if (place->list.empty()) place = nullptr;
  Node* of = type(Of::plain);
  Node* initializer = nullptr;
  if (take("pi")) {
    initializer = expression_list('E');
  } else if (at("il")) {
    initializer = expression();
  } else {
    expect('E');
  }
  return make({.kind = Kind::new_, .a = place, .b = of, .c = initializer});
}

Node* Parser::expression_list(char stop) {
  std::vector<Node*> list;
  while (!take(stop) && !has_failed()) list.push_back(expression());
  return make({.kind = Kind::expressions, .list = tree_.keep(list)});
}

}  // namespace weir::profiler::itanium
