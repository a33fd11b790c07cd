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
// say; where that is errors, some calls may have been made before. The comments are those of the text as far
// as the end of the statement, or a little further.
using EachStatement = std::function<void(const Statement&, const std::vector<Span>& comments)>;
std::expected<std::vector<Span>, Diagnostics> parse_each(SourcePtr source, const EachStatement& each);

// One expression alone; what stands after its terminator is ignored.
std::expected<LoneExpr, Diagnostics> parse_expression(SourcePtr source);

}  // namespace weir::lang
