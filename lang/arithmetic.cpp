#include "lang/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "lang/number.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

using Outcome = std::expected<Value, OperandError>;

std::unexpected<OperandError> blame(Operand operand, std::string message) {
  return std::unexpected(OperandError{operand, std::move(message)});
}

// The wider of uint < int < float.
enum class NumberKind { uint, sint, real };

NumberKind kind_of(const Value& number) {
  if (number.as_float()) return NumberKind::real;
  return number.as_uint() ? NumberKind::uint : NumberKind::sint;
}

// Squares and multiplies, so that a huge exponent costs 64 steps; wraps like repeated multiplication.
std::uint64_t wrapping_power(std::uint64_t base, std::uint64_t exponent) {
  std::uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

std::uint64_t integer_power(std::uint64_t base, std::uint64_t exponent, bool exponent_is_negative,
                            Dialect dialect) {
  if (exponent == 0) return 1;
  if (dialect == Dialect::alloy && base <= 1) return base;
  // The peer multiplies as often as the exponent says and begins with the base, so a negative exponent is
  // the base itself.
  if (exponent_is_negative) return base;
  return wrapping_power(base, exponent);
}

std::optional<bool> compare(BinaryOp op, std::partial_ordering order) {
  switch (op) {
    case BinaryOp::less: return order < 0;
    case BinaryOp::less_equal: return order <= 0;
    case BinaryOp::greater: return order > 0;
    case BinaryOp::greater_equal: return order >= 0;
    default: return std::nullopt;
  }
}

Value real_arithmetic(BinaryOp op, double a, double b) {
  if (auto result = compare(op, a <=> b)) return *result;
  switch (op) {
    case BinaryOp::add: return a + b;
    case BinaryOp::subtract: return a - b;
    case BinaryOp::multiply: return a * b;
    case BinaryOp::divide: return a / b;
    case BinaryOp::remainder: return std::fmod(a, b);
    default: return std::pow(a, b);
  }
}

// Adding, subtracting and multiplying give the same bits whether signed or not.
std::uint64_t wrapping(BinaryOp op, std::uint64_t a, std::uint64_t b) {
  if (op == BinaryOp::add) return a + b;
  if (op == BinaryOp::subtract) return a - b;
  return a * b;
}

Value unsigned_arithmetic(BinaryOp op, std::uint64_t a, std::uint64_t b, Dialect dialect) {
  if (auto result = compare(op, a <=> b)) return *result;
  if (op == BinaryOp::divide) return a / b;
  if (op == BinaryOp::remainder) return a % b;
  if (op == BinaryOp::power) return integer_power(a, b, false, dialect);
  return wrapping(op, a, b);
}

Value signed_arithmetic(BinaryOp op, std::int64_t a, std::int64_t b, Dialect dialect) {
  if (auto result = compare(op, a <=> b)) return *result;
  auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
  if (op == BinaryOp::divide) {
    // The smallest integer by -1 would trap.
    return b == -1 ? static_cast<std::int64_t>(0 - ua) : a / b;
  }
  if (op == BinaryOp::remainder) return b == -1 ? std::int64_t{0} : a % b;
  if (op == BinaryOp::power) return static_cast<std::int64_t>(integer_power(ua, ub, b < 0, dialect));
  return static_cast<std::int64_t>(wrapping(op, ua, ub));
}

bool is_zero(const Value& number) {
  return number.as_float() ? *number.as_float() == 0 : number_as_uint(number) == 0;
}

Outcome arithmetic(BinaryOp op, const Value& a, const Value& b, Dialect dialect) {
  NumberKind kind = std::max(kind_of(a), kind_of(b));
  bool divides = op == BinaryOp::divide || op == BinaryOp::remainder;
  if (divides && is_zero(b) && (kind != NumberKind::real || dialect == Dialect::alloy)) {
    return blame(Operand::right, "should not be 0: division by zero");
  }
  switch (kind) {
    case NumberKind::real: return real_arithmetic(op, number_as_float(a), number_as_float(b));
    case NumberKind::sint: return signed_arithmetic(op, number_as_int(a), number_as_int(b), dialect);
    case NumberKind::uint: return unsigned_arithmetic(op, number_as_uint(a), number_as_uint(b), dialect);
  }
  return {};
}

// An optional secret that is not secret is a string to the operators.
Value plain(const Value& value) {
  auto* optional = value.as_optional_secret();
  return optional && !optional->is_secret ? Value(optional->text) : value;
}

std::optional<std::string> text_of(const Value& value) {
  if (auto* text = value.as_string()) return *text;
  if (auto* secret = value.as_secret()) return secret->text;
  if (auto* optional = value.as_optional_secret()) return optional->text;
  return std::nullopt;
}

bool is_secret(const Value& value) {
  return value.as_secret() || value.as_optional_secret();
}

// Alloy joins and compares secrets with text; the result is as secret as the more secret side.
std::optional<Value> secret_operation(BinaryOp op, const Value& left, const Value& right) {
  if (!is_secret(left) && !is_secret(right)) return std::nullopt;
  auto a = text_of(left), b = text_of(right);
  if (!a || !b) return std::nullopt;
  if (op == BinaryOp::equal) return Value(*a == *b);
  if (op == BinaryOp::not_equal) return Value(*a != *b);
  if (op != BinaryOp::add) return std::nullopt;
  if (left.as_secret() || right.as_secret()) return Value(Secret{*a + *b});
  return Value(OptionalSecret{*a + *b, true});
}

enum class Operands { booleans, numbers, numbers_or_strings };

Operands operands_of(BinaryOp op) {
  switch (op) {
    case BinaryOp::logical_or:
    case BinaryOp::logical_and: return Operands::booleans;
    case BinaryOp::add:
    case BinaryOp::less:
    case BinaryOp::less_equal:
    case BinaryOp::greater:
    case BinaryOp::greater_equal: return Operands::numbers_or_strings;
    default: return Operands::numbers;
  }
}

bool fits(Operands allowed, Type type) {
  if (allowed == Operands::booleans) return type == Type::boolean;
  return type == Type::number || (type == Type::string && allowed == Operands::numbers_or_strings);
}

std::string words(Operands allowed) {
  if (allowed == Operands::booleans) return "bool";
  return allowed == Operands::numbers ? "number" : "number or string";
}

std::string type_name(const Value& value) {
  return is_secret(value) ? "secret" : std::string(to_string(value.type()));
}

Outcome string_operation(BinaryOp op, const std::string& a, const std::string& b) {
  if (op == BinaryOp::add && a.size() + b.size() > kLongestText) {
    return blame(Operand::right, fmt::format("makes a text longer than {} bytes", kLongestText));
  }
  if (op == BinaryOp::add) return a + b;
  return *compare(op, a <=> b);
}

}  // namespace

std::expected<Value, OperandError> apply(BinaryOp op, const Value& given_left, const Value& given_right,
                                         Dialect dialect) {
  Value left = plain(given_left), right = plain(given_right);
  if (dialect == Dialect::alloy) {
    if (auto result = secret_operation(op, left, right)) return *std::move(result);
  }
  if (op == BinaryOp::equal) return left == right;
  if (op == BinaryOp::not_equal) return !(left == right);
  Operands allowed = operands_of(op);
  if (!fits(allowed, left.type())) {
    return blame(Operand::left,
                 fmt::format("should be {} for {}, got {}", words(allowed), to_string(op), type_name(left)));
  }
  if (!fits(allowed, right.type())) {
    return blame(Operand::right, fmt::format("should be {} for {}, got {}", to_string(left.type()),
                                             to_string(op), type_name(right)));
  }
  if (left.type() != right.type()) {
    return blame(Operand::right, fmt::format("should be {} like the left side of {}, got {}",
                                             to_string(left.type()), to_string(op), type_name(right)));
  }
  if (left.type() == Type::boolean) {
    bool a = *left.as_bool(), b = *right.as_bool();
    return op == BinaryOp::logical_or ? a || b : a && b;
  }
  if (left.type() == Type::string) return string_operation(op, *left.as_string(), *right.as_string());
  return arithmetic(op, left, right, dialect);
}

std::expected<Value, OperandError> apply(UnaryOp op, const Value& operand) {
  if (op == UnaryOp::logical_not) {
    if (auto* b = operand.as_bool()) return !*b;
    return blame(Operand::left, fmt::format("should be bool for !, got {}", type_name(operand)));
  }
  if (operand.type() != Type::number) {
    return blame(Operand::left, fmt::format("should be number for -, got {}", type_name(operand)));
  }
  if (auto* f = operand.as_float()) return -*f;
  return static_cast<std::int64_t>(0 - number_as_uint(operand));
}

}  // namespace weir::lang
