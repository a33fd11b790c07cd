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
      {"url = \"https://me:hunter2@host/a@b\"", "url = \"https://(secret)@host/a@b\""},
      {"// see https://me:hunter2@host", "// see https://(secret)@host"},
      {"url = \"https://host:80/a@b\"", "url = \"https://host:80/a@b\""},
      {"url = \"https://ghp_1234@host:80/a\"", "url = \"https://(secret)@host:80/a\""},
      {"url = \"http://host/a?x=1&Access_Token=ab&y=2#z\"",
       "url = \"http://host/a?x=1&Access_Token=(secret)&y=2#z\""},
      {"// http://host?to=http://me:pw@host?password=ab",
       "// http://host?to=http://(secret)@host?password=(secret)"},
      {"password = {\"X-A\" = \"b\", \"Content-Type\" = \"c\", \"X-D\" = \"e\"}",
       "password = {\"X-A\" = \"(secret)\", \"Content-Type\" = \"c\", \"X-D\" = \"(secret)\"}"},
      {"  // password = `a\n  // b\n  // c`\n// d = 1", "  // password = `(secret)\n\n`\n// d = 1"},
      {"// password = [\n//   \"a\",\n//   \"b\",\n// ]\n// c = \"d\"",
       "// password = [\n//   \"(secret)\",\n//   \"(secret)\",\n// ]\n// c = \"d\""},
      {"// a `quote\n// password = \"old\"", "// a `quote\n// password = \"(secret)\""},
      {"// password = `a\n\nb = `c`", "// password = `(secret)\n\nb = `c`"},
      {"export \"password\" {\n value = \"hunter2\"\n}", "export \"password\" {\n value = \"(secret)\"\n}"},
      {"export \"name\" {\n value = \"web\"\n}", "export \"name\" {\n value = \"web\"\n}"},
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

TEST_CASE("what is handed on to a secret is hidden where it is given") {
  struct Row {
    const char *text, *shown;
  };
  constexpr Row kRows[] = {
      {"password = argument.p.value\np = \"a\"\nq = \"b\"",
       "password = argument.p.value\np = \"(secret)\"\nq = \"b\""},
      {"argument \"p\" { default = \"a\" }\npassword = argument.p.value",
       "argument \"p\" { default = \"(secret)\" }\npassword = argument.p.value"},
      {"password = creds.c.tok\nexport \"tok\" { value = \"a\" }\nexport \"x\" { value = \"b\" }",
       "password = creds.c.tok\nexport \"tok\" { value = \"(secret)\" }\nexport \"x\" { value = \"b\" }"},
      {"password = m.creds.c.tok\nexport \"tok\" { value = argument.p.value }\np = \"a\"",
       "password = m.creds.c.tok\nexport \"tok\" { value = argument.p.value }\np = \"(secret)\""},
      {"foreach \"f\" {\n collection = [\"a\"]\n var = \"it\"\n template {\n  password = it\n }\n}",
       "foreach \"f\" {\n collection = [\"(secret)\"]\n var = \"it\"\n template {\n  password = it\n }\n}"},
      {"foreach \"f\" {\n collection = [{n = \"a\", t = \"b\"}]\n var = \"it\"\n template {\n  password = "
       "it.t\n n = it.n\n }\n}",
       "foreach \"f\" {\n collection = [{n = \"a\", t = \"(secret)\"}]\n var = \"it\"\n template {\n  "
       "password "
       "= it.t\n n = it.n\n }\n}"},
      {"foreach \"f\" {\n collection = argument.all.value\n var = \"it\"\n template {\n  password = it.t\n "
       "}\n}\nall = [\"a\"]",
       "foreach \"f\" {\n collection = argument.all.value\n var = \"it\"\n template {\n  password = it.t\n "
       "}\n}\nall = [\"(secret)\"]"},
  };
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.text));
    auto source = Source::make("input", row.text);
    HandedOn known;
    for (std::size_t before = 1; before != known.size();) {
      before = known.size();
      known.merge(handed_on(source, is_password, known));
    }
    CHECK(without_secrets(source, is_password, known) == row.shown);
  }
}

}  // namespace
}  // namespace weir::lang
