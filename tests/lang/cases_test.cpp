#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>

#include "lang/diagnostic.h"
#include "lang/eval.h"
#include "lang/hide.h"
#include "lang/parser.h"
#include "tests/lang/case_file.h"
#include "tests/lang/sample_arguments.h"

namespace weir::lang {
namespace {

class SampleScope final : public Scope {
 public:
  std::optional<Value> find(std::string_view name) const override {
    if (name == "discovery") {
      Value target = Value::object({{"__address__", "10.0.0.1:80"}, {"job", "web"}});
      Value exports = Value::ordered_object({{"targets", Value::array({target, target})}, {"count", 2}});
      return Value::object({{"docker", Value::object({{"linux", exports}})}});
    }
    if (name == "password") return Value(Secret{"hunter2"});
    if (name == "note") return Value(OptionalSecret{"plain text", false});
    return std::nullopt;
  }
};

Outcome failure(const Diagnostics& diagnostics) {
  return {"error", render(diagnostics)};
}

EvalOptions options_for(Dialect dialect, const Scope& scope) {
  return {.dialect = dialect, .scope = &scope, .env = [](std::string_view name) -> std::string {
            return name == "HOME" ? "/home/me" : "";
          }};
}

Outcome run_eval(const SourcePtr& source, Dialect dialect) {
  SampleScope scope;
  auto expr = parse_expression(source);
  if (!expr) return failure(expr.error());
  auto value = evaluate(*expr->root, source, options_for(dialect, scope));
  if (!value) return failure({value.error()});
  return {"value", describe(*value, 2000)};
}

// The body of a block "sample", or else the whole text.
Outcome run_config(const SourcePtr& source) {
  SampleScope scope;
  auto file = parse(source);
  if (!file) return failure(file.error());
  const Body* body = &file->body;
  Span at;
  for (const Statement& statement : file->body.statements) {
    auto* block = std::get_if<const Block*>(&statement);
    if (!block || (*block)->name != "sample") continue;
    body = &(*block)->body;
    at = {(*block)->name_span.begin, (*block)->open.end};
  }
  Diagnostics diagnostics;
  DecodeOptions options{.eval = options_for(Dialect::river, scope)};
  auto arguments = decode<SampleArguments>(*body, at, source, options, diagnostics);
  if (!arguments) return failure(diagnostics);
  std::string warnings = render(diagnostics);
  if (!warnings.empty()) warnings += '\n';
  return {"value", warnings + describe(to_object(*arguments), 2000)};
}

Outcome run(const Case& one) {
  SourcePtr source = Source::make("input", one.input);
  Outcome outcome = one.kind == "config"
                        ? run_config(source)
                        : run_eval(source, one.kind == "alloy" ? Dialect::alloy : Dialect::river);
  while (outcome.text.ends_with('\n')) outcome.text.pop_back();
  return outcome;
}

TEST_CASE("case files") {
  CHECK(check_cases(LANG_CASES, run) > 50);
}

TEST_CASE("hiding secrets moves nothing and leaves nothing") {
  for (const auto& entry : std::filesystem::directory_iterator(LANG_CASES)) {
    if (entry.path().extension() != ".test") continue;
    for (const Case& one : read_cases(entry.path())) {
      SourcePtr source = Source::make("input", one.input);
      Diagnostics diagnostics = {{.source = source, .message = "m", .notes = {{source, {}, "n"}}}};
      hide_secrets(diagnostics, [](std::string_view) { return true; });
      std::string_view hidden = diagnostics[0].source->text();
      CAPTURE(one.input);
      CHECK(diagnostics[0].notes[0].source == diagnostics[0].source);
      REQUIRE(hidden.size() == one.input.size());
      bool is_same = true;
      for (std::size_t i = 0; i < hidden.size(); ++i) {
        is_same = is_same && (hidden[i] == one.input[i] || (hidden[i] == '*' && one.input[i] != '\n'));
      }
      CHECK(is_same);
    }
  }
  SourcePtr source = Source::make(
      "input", "password = `a\nb` + 'c' // \"d\"\nother = \"e\" + {password = env(\"F\") + \"g\"}.x");
  Diagnostics diagnostics = {{.source = source, .message = "\"c\" and \"e\""}};
  hide_secrets(diagnostics, [](std::string_view name) { return name == "password"; });
  CHECK(diagnostics[0].source->text() ==
        "password = `*\n*` + '*' // \"d\"\nother = \"e\" + {password = env(\"F\") + \"*\"}.x");
  CHECK(diagnostics[0].message == "(secret) and \"e\"");
}

TEST_CASE("a secret without its quotes is hidden as well") {
  struct Hiding {
    const char *text, *hidden, *message, *hidden_message;
  };
  constexpr Hiding kHidings[] = {
      {"password = hunter2", "password = *******", "identifier \"hunter2\" does not exist",
       "identifier (secret) does not exist"},
      {"password = 1234", "password = ****", "1234 should be string, got number",
       "(secret) should be string, got number"},
      {"password = 12.5e3 // 1", "password = ****** // 1", "m12.5e3", "m12.5e3"},
      {"password = pass-word!", "password = ****-****!", "word pass", "(secret) (secret)"},
      {"password = local.file.x.content", "password = local.file.x.content", "content", "content"},
      {"password = nonsensitive(a.b[0][1])", "password = nonsensitive(a.b[0][1])", "a 0", "a 0"},
      {"password = {a = b, \"c\" = 7}", "password = {a = *, \"c\" = *}", "a b", "a (secret)"},
      {"password = §§§\nx = y", "password = ******\nx = y", "y", "y"},
      {"password = c2VjcmV0=\nx = y", "password = ********=\nx = y", "c2VjcmV0= y", "(secret)= y"},
      {"password = {a = b=}", "password = {a = *=}", "a b", "a (secret)"},
      {"password = 123abc", "password = ******", "\"123abc\" is none", "(secret) is none"},
      {"password = `hun\"ter`", "password = `*******`", "`hun\"ter` \"hun\\\"ter\"", "(secret) (secret)"},
      {"password = \"hun", "password = \"***", "\"hun is open", "\"(secret) is open"},
      {"password = \"hunter2\"", "password = \"*******\"", "as in password.hunter2 \"x\" {",
       "as in password.(secret) \"x\" {"},
      {"password = \"secret\"", "password = \"******\"", "\"secret\" secret", "(secret) (secret)"},
      {"password = \"an\"", "password = \"**\"", "an \"an\"", "an (secret)"},
      {"a.b \"password\" {\n c = \"d\"\n}", "a.b \"password\" {\n c = \"d\"\n}", "\"d\"", "\"d\""},
  };
  for (const Hiding& one : kHidings) {
    CAPTURE(std::string(one.text));
    Diagnostics diagnostics = {{.source = Source::make("input", one.text), .message = one.message}};
    hide_secrets(diagnostics, [](std::string_view name) { return name == "password"; });
    CHECK(diagnostics[0].source->text() == one.hidden);
    CHECK(diagnostics[0].message == one.hidden_message);
  }
}

TEST_CASE("the conformance corpora are answered as they should be") {
  if (std::system("python3 -c '' 2>/dev/null") != 0) {
    MESSAGE("SKIP: conformance: python3 is missing");
    return;
  }
  std::string command =
      "python3 " CONFORMANCE_FOLDER "/check.py -v " CONFORMANCE_FOLDER " -- " CONFORMANCE_PROGRAM;
  CHECK(std::system(command.c_str()) == 0);
}

}  // namespace
}  // namespace weir::lang
