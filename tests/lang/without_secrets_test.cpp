#include "doctest/doctest.h"
#include "lang/hide.h"

namespace weir::lang {
namespace {

bool is_password(std::string_view name) {
  return name == "password";
}

TEST_CASE("a text without its secrets keeps its lines and says where they stood") {
  struct Row {
    const char *text, *shown;
  };
  constexpr Row kRows[] = {
      {"a = \"b\"", "a = \"b\""},
      {"password = \"hunter2\"", "password = \"(secret)\""},
      {"password = \"\"", "password = \"\""},
      {"password = `a\nb`\nc = 1", "password = `(secret)\n`\nc = 1"},
      {"password = \"a\" + \"b\"", "password = \"(secret)\" + \"(secret)\""},
      {"password = 123abc", "password = (secret)"},
      {"// password = \"old\" // kept", "// password = \"(secret)\" // kept"},
      {"/* x\npassword = \"old\"\n*/ a = 1", "/* x\npassword = \"(secret)\"\n*/ a = 1"},
      {"/* password = \"old\"", "/* password = \"(secret)\""},
      {"# password = \"old\"", "# password = \"(secret)\""},
      {"url = \"https://me:hunter2@host/a@b\"", "url = \"https://me:(secret)@host/a@b\""},
      {"// see https://me:hunter2@host", "// see https://me:(secret)@host"},
      {"url = \"https://me@host:80/a\"", "url = \"https://me@host:80/a\""},
      {"password = \"https://me:hunter2@host\"", "password = \"(secret)\""},
      {"argument \"password\" {\n default = \"hunter2\"\n}",
       "argument \"password\" {\n default = \"(secret)\"\n}"},
      {"argument \"name\" {\n default = \"web\"\n}", "argument \"name\" {\n default = \"web\"\n}"},
  };
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.text));
    CHECK(without_secrets(Source::make("input", row.text), is_password) == row.shown);
  }
}

TEST_CASE("what a module passes on to a secret is found by name") {
  auto source = Source::make(
      "input",
      "declare \"x\" {\n a \"b\" {\n  password = argument.pass.value\n  name = argument.name.value\n"
      " }\n}\n");
  auto found = secret_arguments(source, is_password);
  CHECK(found.size() == 1);
  CHECK(found.contains("pass"));
}

}  // namespace
}  // namespace weir::lang
