// parse(): config text to a tree, with every error at its place.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"

namespace weir::lang {

// Blocks, brackets and operators nested deeper than this are an error (a crafted text must not
// exhaust the stack).
inline constexpr int kMaxNesting = 500;

// The tree, or at least one error; never both.
std::expected<File, Diagnostics> parse(SourcePtr source);

// The same, statement by statement: each tree is gone when the call for it returns. Says what parse() would
// say; where that is errors, some calls may have been made before. All comments of the text are known from
// the first call on.
using EachStatement = std::function<void(const Statement&, const std::vector<Comment>& comments)>;
std::expected<std::vector<Comment>, Diagnostics> parse_each(SourcePtr source, const EachStatement& each);

// One expression alone; what stands after its terminator is ignored.
std::expected<ExprPtr, Diagnostics> parse_expression(SourcePtr source);

}  // namespace weir::lang
