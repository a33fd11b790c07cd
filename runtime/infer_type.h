// The type of an expression before its references have values: what field tables and the library say. Pure.
#pragma once

#include <functional>
#include <string>

#include "lang/ast.h"
#include "lang/source.h"
#include "runtime/plan.h"

namespace weir::runtime {

// The component that the expression names as a whole, `a.b.label`; null when it is anything else.
const ComponentType* component_of(const Plan& plan, ScopeIndex scope, const lang::Expr& expr);

// Says what can never be evaluated: an operator or a function over the wrong type, a field of a list.
using ReportType = std::function<void(lang::Span span, std::string message)>;

// Whether messages may repeat the text of an expression.
enum class Quoting { allowed, secret };

// "any" where only the value can tell, and where something was reported.
std::string infer_type(const Plan& plan, const PlannedNode& node, const lang::Expr& expr, Quoting quoting,
                       const ReportType& report);

}  // namespace weir::runtime
