// Any bytes are a config, or errors at places inside the text.
#include <cstdint>
#include <string>

#include "fuzz/places.h"
#include "lang/eval.h"
#include "lang/lexer.h"
#include "lang/parser.h"

namespace weir::lang {
namespace {

void check_tokens(const SourcePtr& source) {
  Tokens tokens = lex(source);
  std::uint32_t end = 0;
  for (const Token& token : tokens.tokens) {
    if (token.span.begin < end || token.span.end < token.span.begin) std::abort();
    end = token.span.end;
  }
  if (end > source->text().size() || tokens.tokens.back().kind != TokenKind::end_of_file) std::abort();
  check_places(tokens.errors, source->text().size());
}

template <class Tree>
bool check(const std::expected<Tree, Diagnostics>& tree, const SourcePtr& source) {
  if (tree) return true;
  if (tree.error().empty()) std::abort();
  check_places(tree.error(), source->text().size());
  return false;
}

}  // namespace
}  // namespace weir::lang

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::lang;
  if (size > kLongestInput) return 0;
  auto source = source_of(data, size);
  check_tokens(source);
  auto file = parse(source);
  if (check(file, source)) (void)references(file->body);
  auto expr = parse_expression(source);
  if (check(expr, source)) (void)references(*expr->root);
  return 0;
}
