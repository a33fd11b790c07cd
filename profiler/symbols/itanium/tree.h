// The parse tree of a C++ name, and what may be spent on it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>

namespace weir::profiler::itanium {

// What the fields of a node mean, by its kind; what is in brackets may be missing.
enum class Kind : std::uint8_t {
  // Names.
  name,               // text
  tagged,             // a[abi:b]
  qualified,          // a::b; flag: b lies in function a
  templated,          // a<list>
  parameter,          // argument `number` of the template `link`
  lambda_auto,        // parameter `number` of a generic lambda
  declared_argument,  // argument b of the declared template parameter a
  operator_,          // text
  cast,               // operator a
  constructor,        // of a; b: [the base it is inherited from]
  destructor,         // of a
  friend_,            // a
  module_name,        // [a].b; flag: b is a partition
  module_entity,      // b of module a
  default_argument,   // a in default argument `number`, from the last
  closure,            // a: [template parameters], b: [their constraint], list: types, c: [constraint], number
  unnamed_type,       // number
  unnamed_enum,       // of type a with first name b
  bindings,           // [list]
  typed,              // name a, type b
  constrained,        // a requires b
  enable_if,          // a, conditions in list
  special,            // text, a
  construction,       // vtable for a in b
  // Types.
  builtin,           // text
  function,          // [returns a], parameters in list; flag: encloses a local name
  qualifiers,        // list
  qualifier,         // text(list)
  qualified_type,    // a, b: qualifiers
  qualified_method,  // a, b: [qualifiers], text: "", & or &&
  pointer,           // of a, as the next four
  reference,
  rvalue_reference,
  complex,
  imaginary,
  suffixed,          // a text
  transformed,       // text(a)
  vendor_qualified,  // a: qualifier, b: type
  array,             // a: dimension, b: element
  vector,            // a: dimension, b: element
  member_pointer,    // a: class, b: member
  fixed_point,       // a; flag: _Accum, not _Fract; number: 1 for _Sat
  binary_float,      // number of bits, text: suffix
  bit_int,           // a: bits; flag: signed
  elaborated,        // text: struct, union, enum; a
  decltype_,         // a
  explicit_object,   // this a
  pack_expansion,    // a for each of [link]
  pack,              // list
  // Template parameters that a lambda or a template template parameter declares.
  declared_name,          // text: prefix, number
  type_parameter,         // a: name
  constrained_parameter,  // a: name, b: concept
  value_parameter,        // a: name, b: type
  template_parameter,     // a: name, list: its parameters, c: [constraint]
  parameter_pack,         // a
  // Expressions.
  nullary,             // a: operator
  unary,               // a: operator, b; flag: behind its operand; number: 1 for sizeof of a type
  binary,              // a: operator, b, c
  ternary,             // a: operator, list: three operands
  fold,                // a: operator, b, [c]; flag: to the left
  subobject,           // a: type, b: expression, number: offset
  member_cast,         // (a)(b)
  new_,                // a: [place], b: type, c: [initializer]
  literal,             // a: type, text: value; flag: negative
  string_literal,      // a: type
  lambda_expression,   // a: closure
  expressions,         // list
  initializer,         // [a]{b}
  function_parameter,  // number; 0: this
  pack_size,           // elements of link
  argument_count,      // elements of list
  requires_,           // a: [parameters], list: requirements
  requirement,         // a; flag: noexcept; b: [what its type must be]
  type_requirement,    // a
  nested_requirement,  // a
};

struct Node {
  Kind kind = Kind::name;
  bool flag = false;
  bool is_standard = false;                // one of the abbreviations of std names, which are no candidates
  std::uint8_t printing = 0;               // how often it is being printed right now
  std::array<std::uint32_t, 4> seen = {};  // the last walk that was here, at each level of walks in walks
  int number = 0;
  std::string_view text = {};
  Node* a = nullptr;
  Node* b = nullptr;
  Node* c = nullptr;
  std::span<Node*> list = {};
  Node* link = nullptr;  // elsewhere in the tree: no child
};

using Nodes = std::span<Node*>;

// Owns the nodes of one name. A name is somebody else's and may be made to blow
// up: everything that is done for it costs steps, and when they are used up it fails.
class Tree {
 public:
  Node* make(const Node& node) {
    spend(kNodeSteps);
    return new (arena_.allocate(sizeof(Node), alignof(Node))) Node(node);
  }
  // The same, as if nobody had been there.
  Node* copy(Node node) {
    node.printing = 0;
    node.seen = {};
    return make(node);
  }
  Nodes keep(std::span<Node* const> nodes);
  std::string_view keep(std::string_view text);

  bool spend(std::size_t steps) {
    steps_left_ -= steps < steps_left_ ? steps : steps_left_;
    return steps_left_ != 0;
  }
  void exhaust() { steps_left_ = 0; }
  bool is_exhausted() const { return steps_left_ == 0; }

 private:
  friend class Descent;

  static constexpr std::size_t kSteps = 1u << 20;  // some milliseconds, at most 10 MB
  static constexpr std::size_t kNodeSteps = 16;
  static constexpr std::size_t kMaxDepth = 512;

  alignas(std::max_align_t) std::array<std::byte, 16384> first_;
  std::pmr::monotonic_buffer_resource arena_{first_.data(), first_.size()};
  std::size_t steps_left_ = kSteps;
  std::size_t depth_ = 0;
};

// One level of recursion. Once it is false the tree is exhausted.
class Descent {
 public:
  explicit Descent(Tree& tree) : tree_(tree) {
    if (++tree_.depth_ > Tree::kMaxDepth) tree_.steps_left_ = 0;
    tree_.spend(1);
  }
  ~Descent() { --tree_.depth_; }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;

  explicit operator bool() const { return !tree_.is_exhausted(); }

 private:
  Tree& tree_;
};

}  // namespace weir::profiler::itanium
