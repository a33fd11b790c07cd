// Evaluation of expressions and decoding of blocks. Pure: the scope and the
// environment come from the caller.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/field.h"
#include "lang/value.h"

namespace weir::lang {

// Names an expression may use before the library is asked.
class Scope {
 public:
  virtual ~Scope() = default;
  virtual std::optional<Value> find(std::string_view name) const = 0;
  // What is known beforehand of the chain of names `a.b` that stands there; nullopt: it is looked up by name.
  virtual std::optional<Value> find_chain(Span) const { return std::nullopt; }
};

struct EvalOptions {
  Dialect dialect = Dialect::river;
  const Scope* scope = nullptr;  // may be null
  // Reads an environment variable; unset gives "". Null: all are unset.
  std::function<std::string(std::string_view name)> env;
};

// Errors carry the innermost expression's place.
std::expected<Value, Diagnostic> evaluate(const Expr& expr, const SourcePtr& source,
                                          const EvalOptions& options);

// A maximal chain `a.b.c` of names in an expression (section 11.2 of the language, step 3).
struct Reference {
  std::vector<std::string_view> names;
  Span span;
  std::vector<Span> name_spans;
};
std::vector<Reference> references(const Expr& expr);
// Over every attribute of the body, nested blocks too.
std::vector<Reference> references(const Body& body);
bool is_library_name(std::string_view name, Dialect dialect);
// Every object literal in the expression, outer ones first.
void visit_objects(const Expr& expr, const std::function<void(const ObjectExpr&)>& each);
// Whether it is the function that reads environment variables.
bool reads_environment(const Reference& reference, Dialect dialect);

struct DecodeOptions {
  EvalOptions eval;
  // Attributes for which this returns true depend on something not known yet:
  // they are not evaluated, only checked for name and repetition. Null: none.
  std::function<bool(const Attribute&)> is_unknown;
};

// Where a "rule[2].regex" stands; the nearest enclosing block when it is not written.
Span locate(const Body& body, Span fallback, std::string_view path);

// Decodes `body` into T (defaults, then statements, then required ones, then
// T::check). All errors found are appended, each at its place; nullopt when there is any error.
// `at` is the span to blame for what is missing.
template <class T>
std::optional<T> decode(const Body& body, Span at, const SourcePtr& source, const DecodeOptions& options,
                        Diagnostics& diagnostics);

// The same where only the values of these attributes, which stand in `body` itself, may be others than when
// `before` was decoded from it.
template <class T>
std::optional<T> decode_again(const T& before, std::span<const Attribute* const> attributes, const Body& body,
                              Span at, const SourcePtr& source, const DecodeOptions& options,
                              Diagnostics& diagnostics);

}  // namespace weir::lang

#include "lang/decode_impl.h"
