// What no config is, but may be thrown at weir: an answer comes at once, and is a diagnostic.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>

#include "lang/eval.h"
#include "lang/parser.h"
#include "lang/printer.h"
#include "lang/yaml.h"

namespace weir::lang {
namespace {

std::string first_error(std::string text) {
  auto file = parse(Source::make("input", std::move(text)));
  return file ? "" : file.error().front().message;
}

std::string evaluated(std::string text, Dialect dialect = Dialect::river) {
  auto source = Source::make("input", std::move(text));
  auto expr = parse_expression(source);
  if (!expr) return expr.error().front().message;
  auto value = evaluate(*expr->root, source, {.dialect = dialect});
  return value ? describe(*value) : value.error().message;
}

// n times.
std::string repeated(std::string_view part, std::size_t n) {
  std::string text;
  text.reserve(part.size() * n);
  for (std::size_t i = 0; i < n; ++i) text += part;
  return text;
}

TEST_CASE("nesting has a limit") {
  constexpr std::size_t kMany = 1'000'000;
  for (std::string_view part : {"[", "(", "{a = ", "-", "!", "f(", "a[", "1 ^ ", "1 + ", "x.", "[[],"}) {
    CAPTURE(part);
    CHECK(first_error("a = " + repeated(part, kMany) + "1").find("nested deeper than 500 levels") == 0);
  }
  CHECK(first_error(repeated("a {\n", kMany)).find("nested deeper than 500 levels") == 0);
}

TEST_CASE("a text has a limit") {
  constexpr std::size_t kHundredMegabytes = 100'000'000;
  CHECK(first_error(std::string(kHundredMegabytes, '\n')) == "the text is longer than 67108864 bytes");
  CHECK(first_error("a = \"" + std::string(kHundredMegabytes, 'x') + "\"") ==
        "the text is longer than 67108864 bytes");
  auto printed = print_standard(Source::make("input", std::string(kHundredMegabytes, ' ')));
  CHECK(!printed.has_value());
}

TEST_CASE("values have limits") {
  std::string long_text =
      "replace(\"" + std::string(1000, 'x') + "\", \"x\", \"" + std::string(40'000, 'y') + "\")";
  CHECK(evaluated(long_text + " + " + long_text).find("makes a text longer than 67108864 bytes") !=
        std::string::npos);
  CHECK(evaluated("join([" + long_text + ", " + long_text + "], \"\")").find("longer than 67108864 bytes") !=
        std::string::npos);
  CHECK(evaluated("replace(" + long_text + ", \"y\", \"zz\")").find("longer than 67108864 bytes") !=
        std::string::npos);
  CHECK(evaluated("format(\"%1000000d\" + \"%1000000d\", 1, 2)").size() < 1000);
  CHECK(evaluated("format(\"" + repeated("%1000000d", 30) + "\", " + repeated("1, ", 29) + "1)")
            .find("longer than") != std::string::npos);
}

TEST_CASE("nested calls and long lists have limits") {
  std::string forty =
      "replace(\"" + std::string(1000, 'x') + "\", \"x\", \"" + std::string(40'000, ',') + "\")";
  std::string longer = "longer than 67108864 bytes";
  CHECK(evaluated("encoding.to_base64(encoding.to_base64(" + forty + "))", Dialect::alloy).find(longer) !=
        std::string::npos);
  CHECK(evaluated("encoding.url_encode(" + forty + ")", Dialect::alloy).find(longer) != std::string::npos);
  CHECK(evaluated("encoding.to_json({a = " + forty + ", b = " + forty + ", c = 1})", Dialect::alloy)
            .find(longer) != std::string::npos);
  for (std::string_view by : {"", ","}) {
    CHECK(evaluated("split(" + forty + ", \"" + std::string(by) + "\")")
              .find("the list would have more than 4194304 elements") != std::string::npos);
  }
  std::string objects = "[" + repeated("{a = 1}, ", 3000) + "]";
  CHECK(evaluated("array.combine_maps(" + objects + ", " + objects + ", [\"a\"])", Dialect::alloy)
            .find("may become longer than 4194304 elements") != std::string::npos);
  // It is what comes out that counts, and the time.
  std::string others = "[" + repeated("{a = 2}, ", 3000) + "]";
  CHECK(evaluated("array.combine_maps(" + objects + ", " + others + ", [\"a\"])", Dialect::alloy) == "[]");
  std::string many_keys = "[" + repeated("\"b\", ", 8) + "]";
  CHECK(evaluated("array.combine_maps(" + objects + ", " + others + ", " + many_keys + ")", Dialect::alloy)
            .find("more than 67108864 values would have to be compared") != std::string::npos);
}

TEST_CASE("one long name does not push a long config aside") {
  std::string text = std::string(999, 'x') + " = 1\n" + repeated("a = 1\n", 100'000);
  auto printed = print_standard(Source::make("input", text));
  REQUIRE(printed);
  CHECK(*printed == text);
  std::string few = std::string(999, 'x') + " = 1\n" + repeated("a = 1\n", 3);
  printed = print_standard(Source::make("input", few));
  REQUIRE(printed);
  CHECK(printed->find("\na" + std::string(998, ' ') + " = 1\n") != std::string::npos);
}

TEST_CASE("of very many diagnostics the first are kept") {
  SourcePtr source = Source::make("input", "a");
  Diagnostics diagnostics(kMostDiagnostics,
                          {.severity = Severity::warning, .source = source, .message = "w"});
  diagnostics.resize(3 * kMostDiagnostics + 1, {.source = source, .message = "e"});
  keep_first(diagnostics);
  CHECK(diagnostics.size() == 2 * kMostDiagnostics + 1);
  CHECK(diagnostics.back().message == "101 more errors are not shown");
  CHECK(count(diagnostics, Severity::error) == 2 * kMostDiagnostics + 1);
  CHECK(count(diagnostics, Severity::warning) == kMostDiagnostics);
  auto broken = parse(Source::make("input", repeated("= 1\n", 100)));
  REQUIRE_FALSE(broken);
  CHECK(broken.error().size() == kMostSyntaxErrors + 1);
  CHECK(count(broken.error(), Severity::error) == kMostSyntaxErrors);
  CHECK(has_errors(diagnostics));
}

TEST_CASE("a power takes no time") {
  auto start = std::chrono::steady_clock::now();
  CHECK(evaluated("2 ^ 1e18") == "+Inf");
  CHECK(evaluated("2 ^ 1000000000000000000") == "0");
  CHECK(evaluated("3 ^ 1000000000000000001 == 3 * 3 ^ 1000000000000000000") == "true");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("YAML that is small but stands for much has limits") {
  std::string fields;
  for (int i = 0; i < 5000; ++i) fields += "k" + std::to_string(i) + ": 1, ";
  struct Row {
    std::string text;
    const char* error;
  };
  std::string long_text = std::string(1'000'000, 'x');
  const Row rows[] = {
      // Each level has the fields of the one below once more.
      {repeated("{<<: ", 400) + "{" + fields + "}" + repeated("}", 400), "too many values"},
      {"a: &a [1, 2, 3]\nb: [" + repeated("*a, ", 400'000) + "]", "too many values"},
      {"a: &a " + long_text + "\nb: [" + repeated("*a, ", 1000) + "]", "its aliases make too much text"},
      {"a: &a " + long_text + "\nb: [" + repeated("{*a : 1}, ", 1000) + "]",
       "its aliases make too much text"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text.substr(0, 20));
    auto value = parse_yaml(row.text);
    REQUIRE_FALSE(value.has_value());
    CHECK_MESSAGE(value.error().message.find(row.error) != std::string::npos, value.error().message);
  }
}

}  // namespace
}  // namespace weir::lang
