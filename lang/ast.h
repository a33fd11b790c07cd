// The tree of a config text, as the parser makes it. Nodes are plain data and
// own their children; places are spans of the source the tree was parsed from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lang/source.h"

namespace weir::lang {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class UnaryOp : std::uint8_t { negate, logical_not };
enum class BinaryOp : std::uint8_t {
  logical_or,
  logical_and,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  remainder,
  power,
};
std::string_view to_string(UnaryOp op);   // "-", "!"
std::string_view to_string(BinaryOp op);  // "||", "<=", …

struct Literal {
  enum class Kind : std::uint8_t { number, floating, string, boolean, null };
  Kind kind = Kind::null;
  std::string text;  // as it stands in the source, quotes and all
};

struct Identifier {
  std::string name;
};

struct ArrayExpr {
  std::vector<ExprPtr> elements;
  Span open, close;  // the brackets
};

struct ObjectField {
  std::string name;  // between the quotes when quoted, escapes not decoded
  bool quoted = false;
  Span name_span;
  ExprPtr value;
};

struct ObjectExpr {
  std::vector<ObjectField> fields;
  Span open, close;
};

struct AccessExpr {  // object.name
  ExprPtr object;
  std::string name;
  Span name_span;
};

struct IndexExpr {  // object[index]
  ExprPtr object;
  ExprPtr index;
  Span open, close;
};

struct CallExpr {
  ExprPtr function;
  std::vector<ExprPtr> arguments;
  Span open, close;
};

struct UnaryExpr {
  UnaryOp op = UnaryOp::negate;
  Span op_span;
  ExprPtr operand;
};

struct BinaryExpr {
  BinaryOp op = BinaryOp::add;
  Span op_span;
  ExprPtr left, right;
};

struct ParenExpr {
  ExprPtr inner;
};

struct Expr {
  std::variant<Literal, Identifier, ArrayExpr, ObjectExpr, AccessExpr, IndexExpr, CallExpr, UnaryExpr,
               BinaryExpr, ParenExpr>
      node;
  Span span;
};

struct Attribute {
  std::string name;
  Span name_span;
  ExprPtr value;
  Span span;  // from the name to the end of the value
};

struct Block;
using Statement = std::variant<Attribute, std::unique_ptr<Block>>;

struct Body {
  std::vector<Statement> statements;  // in order of the text
};

struct Block {
  std::string name;  // all parts joined: "discovery.docker"
  std::vector<std::string> name_parts;
  std::string label;  // "" when there is none
  Span name_span;
  Span label_span;   // with its quotes; empty when there is none
  Span open, close;  // the braces
  Span span;         // from the name to the closing brace
  Body body;
};

struct Comment {
  Span span;
  std::string text;  // as section 1.6 of the language says
};

struct File {
  SourcePtr source;
  Body body;
  std::vector<Comment> comments;  // in order of the text
};

}  // namespace weir::lang
