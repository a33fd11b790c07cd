#include "lang/printer.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "lang/parser.h"
#include "tests/conformance/tree.h"

namespace weir::lang {
namespace {

std::string formatted(std::string text) {
  auto out = print_standard(Source::make("input", std::move(text)));
  return out ? *out : "error: " + out.error().front().message;
}

std::string tree_of(std::string text) {
  auto file = parse(Source::make("input", std::move(text)));
  return file ? conformance::write_tree(*file, conformance::Places::left_out) : "";
}

TEST_CASE("the standard form") {
  struct Row {
    std::string_view name, text, expected;
  };
  const Row rows[] = {
      {"empty", "", "\n"},
      {"blank lines only", "\n\n \n", "\n"},
      {"names line up", "a = 1\nlonger = 2\n", "a      = 1\nlonger = 2\n"},
      {"a blank line ends a group", "a = 1\n\n\nlonger = 2\n", "a = 1\n\nlonger = 2\n"},
      {"comments line up", "a = 1 // x\nb = 10 // y", "a = 1  // x\nb = 10 // y\n"},
      {"a block gets lines of its own", "a { b = 1 }\nc \"l\" { }", "a {\n\tb = 1\n}\n\nc \"l\" { }\n"},
      {"lines are joined where nothing asks for them", "a = 1 +\n2", "a = 1 + 2\n"},
      {"lists keep their lines", "a = [1,\n2]\nb = [\n1,\n]", "a = [1,\n\t2]\nb = [\n\t1,\n]\n"},
      {"strings keep their bytes", "a = \"\t\" // \t\nb = `x\n \t\n`", "a = \"\t\" // \t\nb = `x\n \t\n`\n"},
      {"an argument list without arguments", "a = f(\n)", "a = f()\n"},
      {"keys keep their escapes", "a = {\"x\\ty\" = 1}", "a = {\"x\\ty\" = 1}\n"},
      {"a comment that was left alone", "a = [ // why\n]", "a = [ // why\n]\n"},
      {"a comment inside a name", "a.\n// c\nb { }", "// c\na.b { }\n"},
      {"a comment behind a name of two lines", "a.\nb /* c */ { }", "a.b /* c */ { }\n"},
      {"a name of two lines aligns as one", "a.\nb { } // x\nlong_name = 1 // y",
       "a.b { }   // x\nlong_name = 1 // y\n"},
      {"a comment behind an argument", "a = [f(1, // c\n), 2]", "a = [f(1, // c\n), 2]\n"},
      {"a number and a field", "a = 1 .x", "a = 1 .x\n"},
      {"an error", "a = ", "error: expected the value of \"a\", got the end of the file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(formatted(std::string(row.text)) == row.expected);
  }
}

TEST_CASE("formatting changes no tree, and nothing twice") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CONFORMANCE_FOLDER)) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      boost::json::value one = boost::json::parse(line);
      const boost::json::value* text = one.at("in").as_object().if_contains("src");
      if (!text) continue;
      std::string source(text->as_string());
      // An expression alone is no config.
      if (one.at("kind") == "eval") source.insert(0, "a = ");
      std::string tree = tree_of(source);
      if (tree.empty()) continue;
      ++count;
      CAPTURE(source);
      std::string once = formatted(source);
      CHECK(tree_of(once) == tree);
      CHECK(formatted(once) == once);
    }
  }
  CHECK(count > 4000);
}

}  // namespace
}  // namespace weir::lang
