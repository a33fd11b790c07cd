#include "lang/eval.h"

namespace weir::lang {

std::expected<Value, Diagnostic> evaluate(const Expr& expr, const SourcePtr& source, const EvalOptions&) {
  return std::unexpected(
      Diagnostic{Severity::error, source, expr.span, "expressions are not evaluated yet", {}});
}

}  // namespace weir::lang
