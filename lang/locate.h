// Places inside values: from a path such as "[2].name" to the expression that wrote it.
#pragma once

#include <string_view>

#include "lang/ast.h"

namespace weir::lang {

struct Innermost {
  const Expr* expr;
  std::string_view rest;  // what the text does not spell out: ".name" inside a referenced value
};

Innermost innermost(const Expr& expr, std::string_view path);

}  // namespace weir::lang
