// The tree of a config text, as the parser makes it. Nodes are plain data in the arena of their File; names
// and literals are views of its source: a tree is there as long as its File is. Places are spans of the
// source.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "lang/arena.h"
#include "lang/source.h"

namespace weir::lang {

struct Expr;
using Exprs = std::span<const Expr* const>;

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
  std::string_view text;  // as it stands in the source, quotes and all
};

struct Identifier {
  std::string_view name;
};

struct ArrayExpr {
  Exprs elements;
  Span open, close;  // the brackets
};

struct ObjectField {
  std::string_view name;  // between the quotes when quoted, escapes not decoded
  bool quoted = false;
  Span name_span;
  const Expr* value = nullptr;
};

struct ObjectExpr {
  std::span<const ObjectField> fields;
  Span open, close;
};

struct AccessExpr {  // object.name
  const Expr* object = nullptr;
  std::string_view name;
  Span name_span;
};

struct IndexExpr {  // object[index]
  const Expr* object = nullptr;
  const Expr* index = nullptr;
  Span open, close;
};

struct CallExpr {
  const Expr* function = nullptr;
  Exprs arguments;
  Span open, close;
};

struct UnaryExpr {
  UnaryOp op = UnaryOp::negate;
  Span op_span;
  const Expr* operand = nullptr;
};

struct BinaryExpr {
  BinaryOp op = BinaryOp::add;
  Span op_span;
  const Expr* left = nullptr;
  const Expr* right = nullptr;
};

struct ParenExpr {
  const Expr* inner = nullptr;
};

struct Expr {
  std::variant<Literal, Identifier, ArrayExpr, ObjectExpr, AccessExpr, IndexExpr, CallExpr, UnaryExpr,
               BinaryExpr, ParenExpr>
      node;
  Span span;
};

struct Attribute {
  std::string_view name;
  Span name_span;
  const Expr* value = nullptr;
  Span span;  // from the name to the end of the value
};

struct Block;
using Statement = std::variant<Attribute, const Block*>;

struct Body {
  std::span<const Statement> statements;  // in order of the text
};

struct Block {
  std::string_view name;   // all parts joined: "discovery.docker"
  std::string_view label;  // "" when there is none
  Span name_span;
  Span label_span;   // with its quotes; empty when there is none
  Span open, close;  // the braces
  Span span;         // from the name to the closing brace
  Body body;
};

struct File {
  SourcePtr source;
  Body body;
  std::vector<Span> comments;          // in order of the text; comment_text() is what they say
  std::shared_ptr<const Arena> arena;  // of the tree; a file that is a part of another shares it
};

// One that is no part of a file.
struct LoneExpr {
  SourcePtr source;
  const Expr* root = nullptr;
  std::unique_ptr<const Arena> arena;
};

}  // namespace weir::lang
