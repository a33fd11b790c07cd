// parse(): config text to a tree, with every error at its place.
#pragma once

#include <expected>
#include <optional>

#include "lang/ast.h"
#include "lang/diagnostic.h"

namespace weir::lang {

// Blocks, brackets and operators nested deeper than this are an error (a crafted text must not
// exhaust the stack).
inline constexpr int kMaxNesting = 500;

// The tree, or at least one error; never both.
std::expected<File, Diagnostics> parse(SourcePtr source);

// One expression alone; what stands after its terminator is ignored.
std::expected<ExprPtr, Diagnostics> parse_expression(SourcePtr source);

}  // namespace weir::lang
