// Operators on values. Errors say which operand is to blame.
#pragma once

#include <expected>
#include <string>

#include "lang/ast.h"
#include "lang/value.h"

namespace weir::lang {

enum class Operand { left, right };

struct OperandError {
  Operand operand = Operand::left;
  std::string message;
};

std::expected<Value, OperandError> apply(BinaryOp op, const Value& left, const Value& right, Dialect dialect);
std::expected<Value, OperandError> apply(UnaryOp op, const Value& operand);

}  // namespace weir::lang
