// The tree lives in an arena and in the text it was parsed from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/arena.h"
#include "lang/parser.h"
#include "tests/conformance/tree.h"

namespace weir::lang {
namespace {

TEST_CASE("what an arena holds stays where it is") {
  Arena arena;
  std::vector<const std::uint64_t*> numbers;
  std::vector<std::string_view> texts;
  std::vector<std::uint64_t> many(100'000, 7);
  std::span<const std::uint64_t> large;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    numbers.push_back(arena.make(i));
    texts.push_back(arena.copy(std::string_view("0123456789").substr(0, i % 11)));
    if (i == 10) large = arena.copy(std::span<const std::uint64_t>(many));
  }
  bool is_kept = true;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    is_kept = is_kept && *numbers[i] == i && texts[i].size() == i % 11 &&
              texts[i] == std::string_view("0123456789").substr(0, i % 11);
    is_kept = is_kept && reinterpret_cast<std::uintptr_t>(numbers[i]) % alignof(std::uint64_t) == 0;
  }
  CHECK(is_kept);
  CHECK(std::ranges::equal(large, many));
  CHECK(arena.copy(std::string_view()).empty());
  arena.clear();
  CHECK(*arena.make(std::uint64_t{9}) == 9);
}

TEST_CASE("a tree is there as long as its file") {
  std::vector<File> files;
  for (int i = 0; i < 3; ++i) {
    auto file =
        parse(Source::make("input", "a . /* c */\nb \"l\" {\n  c = [{x = f(1)[2].y}, -(1 + 2)]\n}\n"));
    REQUIRE(file.has_value());
    files.push_back(*std::move(file));
  }
  File moved = std::move(files.front());
  CHECK(
      conformance::write_tree(moved, conformance::Places::left_out) ==
      R"((file (block - a.b "l" (attr - c (array (object (i "x" (. ([] (call (id f) (number "1")) (number "2")) y))) (u- (paren (+ (number "1") (number "2")))))))))");
  REQUIRE(moved.comments.size() == 1);
  CHECK(moved.source->text(moved.comments[0]) == "/* c */");
}

TEST_CASE("statement by statement the tree is the same") {
  SourcePtr source =
      Source::make("input", "// one\na = 1 // two\nb { c = [2] }\n/* three */\nd = {e = 3}\n// four\n");
  std::vector<std::string> names;
  std::vector<std::size_t> comments;
  auto all = parse_each(source, [&](const Statement& statement, const std::vector<Span>& so_far) {
    auto* attribute = std::get_if<Attribute>(&statement);
    names.emplace_back(attribute ? attribute->name : std::get<const Block*>(statement)->name);
    comments.push_back(so_far.size());
  });
  REQUIRE(all.has_value());
  CHECK(names == std::vector<std::string>{"a", "b", "d"});
  CHECK(all->size() == 4);
  CHECK(std::ranges::is_sorted(comments));
  CHECK(comments[2] >= 3);
}

TEST_CASE("where the lexer has said what is wrong with a line, the parser says no more") {
  // Most said so twice, as the lexer's errors were not in order of the text.
  for (std::string_view text : {"\"\\y\\", "a = # b", "a \"b\" # c", "a \"b\" /* c", "a'=", "a /* \xff"}) {
    CAPTURE(text);
    auto file = parse(Source::make("input", std::string(text)));
    REQUIRE_FALSE(file.has_value());
    for (const Diagnostic& error : file.error()) CHECK_FALSE(error.message.starts_with("expected"));
  }
}

}  // namespace
}  // namespace weir::lang
