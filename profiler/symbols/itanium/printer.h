// Prints the tree of a C++ name as ianlancetaylor/demangle does: "> >", {lambda()#1}, types to the left
// of what qualifies them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "profiler/session.h"
#include "profiler/symbols/itanium/tree.h"

namespace weir::profiler::itanium {

class Printer {
 public:
  // Fails when the text would be longer than `max_size`: the tree is exhausted then.
  Printer(Tree& tree, Demangle mode, std::size_t max_size) : tree_(tree), mode_(mode), max_size_(max_size) {}

  std::string text_of(Node* root) &&;

 private:
  void print(Node* node);
  void print_unless_nested(Node* node);
  void print_list(Nodes nodes);
  void print_full(Nodes nodes);  // without what is empty
  void between(std::string_view open, Node* node, std::string_view close);
  void in_parentheses(Node* node);  // but for what needs none
  bool is_empty(Node* node);

  // Each prints the nodes of its group and is false for others.
  bool print_name(Node* node);
  bool print_made_up_name(Node* node);
  bool print_type(Node* node);
  bool print_plain_type(Node* node);
  bool print_declaration(Node* node);
  bool print_expression(Node* node);

  // names (printer.cpp)
  void typed(Node* node);
  void templated(Node* node);
  void parameter(Node* node);
  void operator_name(Node* node);
  void module_name(Node* node);
  void closure_types(Node* node);

  // Types are printed from the inside out: around_ holds what is still to be put
  // around the one being printed, the innermost last. (print_types.cpp)
  void wrap(Node* node, Node* inside);
  void print_around(Node* node);
  void print_innermost();
  void print_all_around();
  std::vector<Node*> print_before_parameters();
  void qualified(Node* node);
  void method_qualifiers(Node* node);
  void array(Node* node);
  void dimension(Node* node);
  void function(Node* node);
  void function_parameters(Node* node);
  std::pair<bool, bool> parentheses() const;
  void qualifier(Node* node);
  void fixed_point(Node* node);
  void value_parameter(Node* node);
  void constrained_parameter(Node* node);
  void template_parameter(Node* node);
  void parameter_pack(Node* node);
  void parameter_name(Node* name);

  // expressions (print_expressions.cpp)
  void unary(Node* node);
  void binary(Node* node);
  void designated(Node* node);
  void assigned(Node* node);
  void ternary(Node* node);
  void fold(Node* node);
  void operator_sign(Node* node);
  void new_expression(Node* node);
  void literal(Node* node);
  void initializer(Node* node);
  void requires_expression(Node* node);
  void requirement(Node* node);

  void write(std::string_view text);
  void write(char c) { write(std::string_view(&c, 1)); }
  // Without becoming the last character, on which spaces depend.
  void write_aside(std::string_view text);

  Tree& tree_;
  Demangle mode_;
  std::size_t max_size_;
  std::string out_;
  char last_ = '\0';
  bool in_template_parameter_ = false;
  std::vector<Node*> around_;
};

}  // namespace weir::profiler::itanium
