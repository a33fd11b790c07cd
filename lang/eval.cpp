#include "lang/eval.h"

#include <utility>

#include <fmt/core.h>

#include "lang/arithmetic.h"
#include "lang/library_function.h"
#include "lang/locate.h"
#include "lang/number.h"
#include "lang/stdlib.h"
#include "lang/text.h"
#include "lang/token.h"

namespace weir::lang {
namespace {

using Outcome = std::expected<Value, Diagnostic>;

class Evaluator {
 public:
  Evaluator(const SourcePtr& source, const EvalOptions& options) : source_(source), options_(options) {}

  Outcome eval(const Expr& expr) {
    return std::visit([&](const auto& node) { return eval_node(node, expr.span); }, expr.node);
  }

 private:
  std::unexpected<Diagnostic> fail(Span span, std::string message) const {
    return std::unexpected(Diagnostic{Severity::error, source_, span, std::move(message), {}});
  }

  // The text of an expression in front of what it should be.
  std::string_view shown(Span span) const { return source_->quotable(span); }

  Outcome eval_node(const Literal& literal, Span span) {
    switch (literal.kind) {
      case Literal::Kind::null: return Value();
      case Literal::Kind::boolean: return Value(literal.text == "true");
      case Literal::Kind::string: return Value(unquote(literal.text));
      case Literal::Kind::number: return integer(literal.text);
      case Literal::Kind::floating: break;
    }
    if (auto value = parse_float(literal.text)) return Value(*value);
    return fail(span, fmt::format("number {} is too large", literal.text));
  }

  // A leading 0 selects octal; what is no integer of 64 bits becomes a float.
  static Value integer(std::string_view digits) {
    bool is_octal = digits.size() > 1 && digits[0] == '0';
    if (is_octal) {
      std::uint64_t value = 0;
      bool fits = true;
      for (char c : digits) {
        fits = fits && c < '8' && value < (1ull << 61);
        value = value * 8 + static_cast<std::uint64_t>(c - '0');
      }
      if (fits) return value < (1ull << 63) ? Value(static_cast<std::int64_t>(value)) : Value(value);
    } else {
      if (auto value = parse_int(digits)) return *value;
      if (auto value = parse_uint(digits)) return *value;
    }
    return parse_float(digits).value_or(0);
  }

  Outcome eval_node(const Identifier& identifier, Span span) {
    if (options_.scope) {
      if (auto value = options_.scope->find(identifier.name)) return *std::move(value);
    }
    if (auto value = find_library(identifier.name, options_)) return *std::move(value);
    std::string near = did_you_mean(identifier.name, library_names(options_.dialect));
    return fail(span, fmt::format("identifier \"{}\" does not exist{}", identifier.name,
                                  near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
  }

  Outcome eval_node(const ArrayExpr& array, Span) {
    std::vector<Value> elements;
    elements.reserve(array.elements.size());
    for (const Expr* element : array.elements) {
      Outcome value = eval(*element);
      if (!value) return value;
      elements.push_back(*std::move(value));
    }
    return Value::array(std::move(elements));
  }

  Outcome eval_node(const ObjectExpr& object, Span) {
    Value::Fields fields;
    fields.reserve(object.fields.size());
    for (const ObjectField& field : object.fields) {
      Outcome value = eval(*field.value);
      if (!value) return value;
      fields.emplace_back(field.name, *std::move(value));
    }
    return Value::object(std::move(fields));
  }

  Outcome eval_node(const AccessExpr& access, Span place) {
    if (options_.scope) {
      if (auto value = options_.scope->find_chain(place)) return *std::move(value);
    }
    Outcome object = eval(*access.object);
    if (!object) return object;
    auto map = object->as_map();
    if (!map) {
      Span span = access.object->span;
      return fail(span, fmt::format("{} cannot access field \"{}\" on value of type {}", shown(span),
                                    access.name, to_string(object->type())));
    }
    if (auto value = map->find(access.name)) return *std::move(value);
    return fail(access.name_span, missing_field(*map, access.name));
  }

  static std::string missing_field(const Map& map, std::string_view name) {
    constexpr std::size_t kMost = 100;
    std::vector<std::string> keys;
    map.visit([&](std::string_view key, const Value&) {
      if (keys.size() < kMost) keys.emplace_back(key);
    });
    std::string near = did_you_mean(name, {keys.begin(), keys.end()});
    return fmt::format("field \"{}\" does not exist{}", name,
                       near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near));
  }

  Outcome eval_node(const IndexExpr& expr, Span) {
    Outcome object = eval(*expr.object);
    if (!object) return object;
    Outcome index = eval(*expr.index);
    if (!index) return index;
    if (auto list = object->as_list()) return element(*list, *index, expr);
    auto map = object->as_map();
    if (!map) {
      return fail(expr.object->span, fmt::format("{} should be object or array, got {}",
                                                 shown(expr.object->span), to_string(object->type())));
    }
    auto* key = index->as_string();
    if (!key) {
      return fail(expr.index->span, fmt::format("{} should be string to index an object, got {}",
                                                shown(expr.index->span), to_string(index->type())));
    }
    // Unlike with a dot, a missing key is null.
    return map->find(*key).value_or(Value());
  }

  Outcome element(const List& list, const Value& index, const IndexExpr& expr) {
    if (index.type() != Type::number) {
      return fail(expr.index->span, fmt::format("{} should be number to index an array, got {}",
                                                shown(expr.index->span), to_string(index.type())));
    }
    std::int64_t i = number_as_int(index);
    if (i >= 0 && static_cast<std::uint64_t>(i) < list.size()) return list.at(static_cast<std::size_t>(i));
    return fail(expr.index->span,
                fmt::format("index {} is out of range of an array of length {}", i, list.size()));
  }

  Outcome eval_node(const CallExpr& call, Span span) {
    Outcome function = eval(*call.function);
    if (!function) return function;
    std::vector<Value> arguments;
    arguments.reserve(call.arguments.size());
    for (const Expr* argument : call.arguments) {
      Outcome value = eval(*argument);
      if (!value) return value;
      arguments.push_back(*std::move(value));
    }
    auto callee = function->as_function();
    if (!callee) {
      return fail(call.function->span, fmt::format("{} should be function, got {}",
                                                   shown(call.function->span), to_string(function->type())));
    }
    if (auto* library = dynamic_cast<const LibraryFunction*>(callee.get()))
      return call_library(*library, arguments, call, span);
    auto result = callee->call(arguments);
    if (result) return *std::move(result);
    return fail(span, result.error().message);
  }

  Outcome call_library(const LibraryFunction& function, const std::vector<Value>& arguments,
                       const CallExpr& call, Span span) {
    CallResult result = function.invoke(arguments);
    if (result) return *std::move(result);
    const auto& [argument, wrong] = result.error();
    if (!argument) return fail(span, fmt::format("{}: {}", shown(call.function->span), wrong.message));
    Innermost place = innermost(*call.arguments[*argument], wrong.path);
    return fail(place.expr->span, fmt::format("{}{} {}", shown(place.expr->span), place.rest, wrong.message));
  }

  Outcome eval_node(const UnaryExpr& unary, Span) {
    Outcome operand = eval(*unary.operand);
    if (!operand) return operand;
    auto result = apply(unary.op, *operand);
    if (result) return *std::move(result);
    Span span = unary.operand->span;
    return fail(span, fmt::format("{} {}", shown(span), result.error().message));
  }

  Outcome eval_node(const BinaryExpr& binary, Span) {
    Outcome left = eval(*binary.left);
    if (!left) return left;
    // Both sides always: nothing is skipped, as in the peer.
    Outcome right = eval(*binary.right);
    if (!right) return right;
    auto result = apply(binary.op, *left, *right, options_.dialect);
    if (result) return *std::move(result);
    Span span = result.error().operand == Operand::left ? binary.left->span : binary.right->span;
    return fail(span, fmt::format("{} {}", shown(span), result.error().message));
  }

  Outcome eval_node(const ParenExpr& paren, Span) { return eval(*paren.inner); }

  const SourcePtr& source_;
  const EvalOptions& options_;
};

}  // namespace

std::expected<Value, Diagnostic> evaluate(const Expr& expr, const SourcePtr& source,
                                          const EvalOptions& options) {
  return Evaluator(source, options).eval(expr);
}

}  // namespace weir::lang
