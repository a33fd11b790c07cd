// Reads a mangled C++ name (the Itanium ABI, 5.1) into a tree. It accepts what
// ianlancetaylor/demangle accepts, which Go's profilers use, so that names stay the
// same for who compares profiles.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/symbols/itanium/tree.h"
#include "profiler/symbols/itanium/walk.h"

namespace weir::profiler::itanium {

enum class Parameters : std::uint8_t { omit, read };

class Parser {
 public:
  // `text` begins behind "_Z" and outlives the tree.
  Parser(Tree& tree, std::string_view text) : tree_(tree), rest_(text) {}

  // Nothing when it cannot be read. What follows the encoding is not looked at.
  Node* parse(Parameters parameters) {
    Node* root = encoding(parameters, Place::anywhere);
    return failed_ || tree_.is_exhausted() ? nullptr : root;
  }

 private:
  enum class Place : std::uint8_t { anywhere, around_local };  // around_local: of a local name's function
  enum class In : std::uint8_t { declaration, expression };    // where an operator stands
  enum class Of : std::uint8_t { plain, conversion };          // what a type is read for

  struct Name {
    Node* node = nullptr;
    bool has_explicit_object = false;
  };
  struct Unqualified {
    Node* node = nullptr;
    Node* cast = nullptr;  // when it is a conversion operator
  };
  struct Arguments {
    Nodes list;
    Node* constraint = nullptr;
  };
  struct Operator {
    Node* node = nullptr;
    std::string_view code = {};
    int operands = 0;
  };
  struct Prefix {
    Node* whole = nullptr;
    Node* last = nullptr;
    Node* module = nullptr;
    Node* cast = nullptr;
  };
  struct Declaration {
    Node* node = nullptr;
    Node* name = nullptr;
  };
  // What a failed attempt restores.
  struct State {
    std::string_view rest;
    std::size_t candidates;
    std::size_t templates;
    std::size_t lambda_level;
    bool in_constraint;
    std::array<int, 3> declared;
  };

  // Reading. After a failure nothing is left to read, so that everything ends.
  bool at(char c) const { return !rest_.empty() && rest_[0] == c; }
  bool at(std::string_view word) const { return rest_.starts_with(word); }
  bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool at_number() const { return at('n') || at_digit(); }
  char peek(std::size_t i) const { return i < rest_.size() ? rest_[i] : '\0'; }
  void skip(std::size_t count) { rest_.remove_prefix(count < rest_.size() ? count : rest_.size()); }
  bool take(char c);
  bool take(std::string_view word);
  void expect(char c);
  Node* fail();
  bool has_failed() const { return failed_ || tree_.is_exhausted(); }
  State state() const;
  void restore(const State& state);

  // numbers (parser.cpp)
  int number();
  int compact_number();
  std::size_t sequence_id(bool end_will_do);
  void discriminator();

  // names (names.cpp, unqualified_names.cpp, special.cpp)
  Node* encoding(Parameters parameters, Place place);
  Node* function(Node* name, bool has_explicit_object, Place place);
  Node* enabled_if(Node* typed, const Arguments& conditions);
  Name name();
  Name nested_name();
  Name local_name();
  Node* prefix();
  bool prefix_part(Prefix& prefix);
  Node* prefix_name(Prefix& prefix);
  Node* prefix_arguments(Prefix& prefix);
  Node* prefix_pack(Prefix& prefix);
  Node* constructor(const Prefix& prefix);
  Node* destructor(const Prefix& prefix);
  Unqualified unqualified_name(Node* module);
  Unqualified base_name();
  Unqualified operator_or_cast();
  Node* unnamed();
  Node* structured_bindings();
  Node* source_name();
  Node* tagged(Node* name);
  Node* module_name(Node* parent);
  Node* closure();
  Node* unnamed_type();
  Node* unnamed_enum();
  Node* special_name();
  Node* type_special(char code);
  Node* java_resource();
  void call_offset(char code);

  // templates (templates.cpp)
  Arguments template_arguments();
  Node* templated(Node* name);
  Node* template_argument(std::span<Node* const> before);
  Node* arguments_until_end();
  Node* template_parameter();
  Node* constrained(Node* node, Node* constraint);
  Node* constraint();
  Declaration declaration();
  Declaration template_declaration();
  Node* declared_name(std::string_view prefix, std::size_t counter);
  void bind(Node* node, Node* templated);
  void bind_cast(Node* cast, Node* templated);
  Node* substitution(bool before_constructor);
  Node* candidate(std::size_t index);
  Node* standard(char code, bool in_full);
  Node* make_standard(std::string_view name, std::initializer_list<std::string_view> arguments);

  // types (types.cpp, newer_types.cpp)
  Node* type(Of of);
  Node* unqualified_type(Of of, bool& is_candidate);
  Node* template_parameter_type(Of of);
  Node* substituted_type(Of of, bool& is_candidate);
  Node* conversion_arguments(Node* type, bool is_new);
  Node* vendor_type();
  Node* vendor_qualified(Of of);
  Node* d_type(Of of, bool& is_candidate);
  Node* float_type(Of of);
  Node* fixed_point_word(char code);
  Node* bit_int(bool is_signed);
  Node* derived(Kind kind, Of of);
  Node* qualifiers();
  Node* qualifier();
  std::string_view ref_qualifier();
  Nodes parameter_list(bool has_explicit_object);
  Node* function_type();
  Node* bare_function_type(bool has_return_type, bool has_explicit_object);
  Node* array_type(Of of);
  Node* vector_type(Of of);

  // expressions (expressions.cpp, unresolved_names.cpp)
  Node* expression();
  Node* named_expression();
  Node* s_expression();
  Node* parameter_expression();
  Node* operation();
  Node* unary(const Operator& op);
  Node* binary(const Operator& op);
  Node* ternary(const Operator& op);
  Node* new_expression();
  Node* expression_list(char stop);
  Node* subobject();
  Node* member_cast();
  Node* vendor_expression();
  Node* requires_expression();
  Node* requirement();
  Node* unresolved_name();
  Node* unresolved_scope();
  Node* base_unresolved_name();
  Node* primary();
  Node* valueless(Node* type);
  Operator operator_name(In in);

  Node* make(const Node& node) { return tree_.make(node); }
  Node* simplify(Node* node) { return itanium::simplify(tree_, walks_, node); }

  Tree& tree_;
  Walks walks_;
  Node nothing_;  // what failed parts are
  std::string_view rest_;
  bool failed_ = false;
  std::vector<Node*> candidates_;  // for substitution
  std::vector<Node*> templates_;   // whose parameters are in scope; nothing: not known yet
  std::size_t lambda_level_ = 0;   // 1 + the level of templates of the lambda we are in
  bool in_constraint_ = false;
  std::array<int, 3> declared_ = {};  // parameters of each kind so far
};

bool is_lower(char c);
bool is_upper(char c);
bool is_digit(char c);

}  // namespace weir::profiler::itanium
