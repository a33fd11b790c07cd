#include <algorithm>
#include <charconv>
#include <optional>

#include "profiler/symbols/itanium/printer.h"

namespace weir::profiler::itanium {
namespace {

struct Suffix {
  std::string_view type;
  std::string_view text;
};

constexpr Suffix kSuffixes[] = {{"int", ""},         {"unsigned int", "u"},
                                {"long", "l"},       {"unsigned long", "ul"},
                                {"long long", "ll"}, {"unsigned long long", "ull"}};
constexpr std::string_view kFloats[] = {"double", "long double", "float", "__float128", "half"};

std::string_view sign_of(const Node* node) {
  return node->a->kind == Kind::operator_ ? node->a->text : std::string_view();
}

// .member=value, [index]=value or [first ... last]=value.
bool is_designated(const Node* node) {
  if (node->kind == Kind::ternary) return sign_of(node) == "[...]=";
  if (node->kind != Kind::binary) return false;
  return sign_of(node) == "]=" || (sign_of(node) == "=" && node->b->kind != Kind::literal);
}

std::string_view escape_of(int code) {
  switch (code) {
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\v': return "\\v";
    case '"': return "\\\"";
    case '\\': return "\\\\";
    default: return {};
  }
}

std::optional<int> character(const Node* node) {
  if (node->kind != Kind::literal || node->flag) return std::nullopt;
  std::string_view text = node->text;
  if (text.starts_with('+')) text.remove_prefix(1);
  int code = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  bool is_whole = error == std::errc{} && end == text.data() + text.size();
  return is_whole && code >= 0 && code <= 255 ? std::optional(code) : std::nullopt;
}

void append_hex_escape(int code, std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  auto bits = static_cast<unsigned>(code);
  text += code > 7 ? "\\x" : "\\";
  if (bits >= 16) text += kDigits[bits >> 4];
  text += kDigits[bits & 15];
}

// As a string literal, when all are characters.
std::optional<std::string> as_string(const Node* list) {
  std::string text = "\"";
  bool after_number = false;
  for (const Node* each : list->list) {
    std::optional<int> code = character(each);
    if (!code) return std::nullopt;
    bool is_digit =
        (*code >= '0' && *code <= '9') || (*code >= 'a' && *code <= 'f') || (*code >= 'A' && *code <= 'F');
    if (after_number && is_digit) text += "\"\"";
    std::string_view escape = escape_of(*code);
    after_number = escape.empty() && (*code < 32 || *code == 127);
    if (after_number) {
      append_hex_escape(*code, text);
    } else if (escape.empty()) {
      text += static_cast<char>(*code);
    } else {
      text += escape;
    }
  }
  return text + "\"";
}

}  // namespace

bool Printer::print_expression(Node* node) {
  switch (node->kind) {
    case Kind::nullary: return operator_sign(node), true;
    case Kind::unary: return unary(node), true;
    case Kind::binary: return binary(node), true;
    case Kind::ternary: return ternary(node), true;
    case Kind::fold: return fold(node), true;
    case Kind::subobject:
      between("", node->b, ".<");
      between("", node->a, " at offset ");
      write(std::to_string(node->number) + ">");
      return true;
    case Kind::member_cast:
      between("(", node->a, ")(");
      between("", node->b, ")");
      return true;
    case Kind::new_: return new_expression(node), true;
    case Kind::literal: return literal(node), true;
    case Kind::string_literal: return between("\"<", node->a, ">\""), true;
    case Kind::lambda_expression:
      write("[]");
      closure_types(node->a);
      write("{...}");
      return true;
    case Kind::expressions: return print_list(node->list), true;
    case Kind::initializer: return initializer(node), true;
    case Kind::function_parameter:
      if (node->number == 0) return write("this"), true;
      return write_aside("{parm#" + std::to_string(node->number) + "}"), true;
    case Kind::pack_size: return write(std::to_string(node->link->list.size())), true;
    case Kind::argument_count: {
      std::size_t count = 0;
      for (const Node* each : node->list)
        count += each->kind == Kind::pack || each->kind == Kind::expressions ? each->list.size() : 1;
      return write(std::to_string(count)), true;
    }
    case Kind::requires_: return requires_expression(node), true;
    case Kind::requirement: return requirement(node), true;
    case Kind::type_requirement: return between(" typename ", node->a, ";"), true;
    case Kind::nested_requirement: return between(" requires ", node->a, ";"), true;
    default: return false;
  }
}

void Printer::in_parentheses(Node* node) {
  bool needs_none = node->kind == Kind::name || node->kind == Kind::initializer ||
                    node->kind == Kind::function_parameter || (node->kind == Kind::qualified && !node->flag);
  if (needs_none) return print(node);
  between("(", node, ")");
}

void Printer::operator_sign(Node* node) {
  if (node->a->kind == Kind::operator_) return write(node->a->text);
  print(node->a);
}

void Printer::unary(Node* node) {
  std::string_view sign = sign_of(node);
  Node* operand = node->b;
  // The address of a function names it without its parameters.
  if (sign == "&" && operand->kind == Kind::typed && operand->b->kind == Kind::function) operand = operand->a;
  if (node->flag) in_parentheses(operand);
  if (node->a->kind == Kind::cast) {
    between("(", node->a->a, ")");
  } else {
    operator_sign(node);
  }
  if (node->flag) return;
  if (sign == "::") return print(operand);
  if (node->number != 0 || sign == "noexcept") return between("(", operand, ")");
  in_parentheses(operand);
}

void Printer::binary(Node* node) {
  std::string_view sign = sign_of(node);
  if (sign.contains("cast")) {
    write(sign);
    between("<", node->b, ">(");
    return between("", node->c, ")");
  }
  if (is_designated(node)) return designated(node);
  bool in_arguments = sign == ">" || sign == ">>";  // of a template, which they must not end
  if (in_arguments) write('(');
  Node* left = node->b;
  bool is_call = sign.starts_with("()");
  bool is_plain = false;
  if (is_call && left->kind == Kind::typed) {
    bool returns = left->b->kind == Kind::function && left->b->a != nullptr;
    is_plain = returns && sign == "()";
    if (!returns) left = left->a;
  }
  if (is_plain) {
    print(left);
  } else {
    in_parentheses(left);
  }
  if (sign == "[]") return between("[", node->c, "]");
  if (!is_call) operator_sign(node);
  in_parentheses(node->c);
  if (in_arguments) write(')');
}

void Printer::designated(Node* node) {
  bool is_member = sign_of(node) == "=";
  between(is_member ? "." : "[", node->b, is_member ? "" : "]");
  assigned(node->c);
}

// What is given to something designated, which may be a part of a part.
void Printer::assigned(Node* node) {
  if (is_designated(node)) return print(node);
  write('=');
  in_parentheses(node);
}

void Printer::ternary(Node* node) {
  if (node->list.size() != 3) return tree_.exhaust();
  if (is_designated(node)) {
    between("[", node->list[0], " ... ");
    between("", node->list[1], "]");
    return assigned(node->list[2]);
  }
  in_parentheses(node->list[0]);
  write('?');
  in_parentheses(node->list[1]);
  write(" : ");
  in_parentheses(node->list[2]);
}

void Printer::fold(Node* node) {
  write('(');
  if (node->c != nullptr || !node->flag) {
    in_parentheses(node->b);
    operator_sign(node);
  }
  write("...");
  if (node->c != nullptr || node->flag) {
    operator_sign(node);
    in_parentheses(node->c != nullptr ? node->c : node->b);
  }
  write(')');
}

void Printer::new_expression(Node* node) {
  write("new ");
  if (node->a != nullptr) {
    in_parentheses(node->a);
    write(' ');
  }
  print(node->b);
  if (node->c != nullptr) in_parentheses(node->c);
}

void Printer::literal(Node* node) {
  std::string_view type = node->a->kind == Kind::builtin ? node->a->text : std::string_view();
  std::string_view sign = node->flag ? "-" : "";
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.type != type) continue;
    write(sign);
    write(node->text);
    return write(suffix.text);
  }
  bool is_truth = type == "bool" && !node->flag && (node->text == "0" || node->text == "1");
  if (is_truth) return write(node->text == "1" ? "true" : "false");
  if (type == "decltype(nullptr)" && (node->text.empty() || node->text == "0")) return print(node->a);
  bool is_float = std::ranges::find(kFloats, type) != std::end(kFloats);  // its bits, in hexadecimal
  between("(", node->a, is_float ? ")[" : ")");
  write(sign);
  write(node->text);
  if (is_float) write(']');
}

void Printer::initializer(Node* node) {
  bool is_text = node->a != nullptr && node->a->kind == Kind::array && node->a->b->kind == Kind::builtin &&
                 node->a->b->text == "char";
  if (is_text && node->b->kind == Kind::expressions) {
    if (auto text = as_string(node->b)) return write(*text);
  }
  if (node->a != nullptr) print(node->a);
  between("{", node->b, "}");
}

void Printer::requires_expression(Node* node) {
  write("requires");
  if (node->a != nullptr) between(" (", node->a, ")");
  write(" {");
  for (Node* each : node->list) print(each);
  write(" }");
}

void Printer::requirement(Node* node) {
  bool has_braces = node->flag || node->b != nullptr;
  between(has_braces ? " {" : " ", node->a, has_braces ? "}" : "");
  if (node->flag) write(" noexcept");
  if (node->b != nullptr) between(" -> ", node->b, "");
  write(';');
}

}  // namespace weir::profiler::itanium
