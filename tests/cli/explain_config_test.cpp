// What `weir explain targets` says of configs that do not run: tests/cli/explain/*.test, as
// tests/lang/case_file.h describes them. The first line of each config is a comment with the labels of the
// target, a second one may say which component it is from.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "cli/explain_config.h"
#include "cli/target_labels.h"
#include "tests/lang/case_file.h"
#include "tests/support/temp_dir.h"

namespace weir::cli {
namespace {

using lang::Case;
using lang::Outcome;

constexpr std::string_view kComment = "// ";
constexpr std::string_view kFrom = "// from ";

ConfigQuestion question_of(const Case& one, std::filesystem::path config) {
  std::istringstream lines(one.input);
  std::string line;
  std::getline(lines, line);
  ConfigQuestion question{.config = std::move(config), .wanted = {}, .from = ""};
  REQUIRE(line.starts_with(kComment));
  auto labels = read_labels(line.substr(kComment.size()));
  REQUIRE(labels.has_value());
  question.wanted.labels = *labels;
  if (std::getline(lines, line) && line.starts_with(kFrom)) question.from = line.substr(kFrom.size());
  return question;
}

// A "river" or an "alloy" file.
Outcome run(const Case& one, const std::filesystem::path& folder) {
  std::filesystem::path path = folder / ("config." + one.kind);
  std::ofstream(path, std::ios::binary) << one.input << '\n';
  ConfigAnswer answer = explain_config(question_of(one, path), lang::Color::off);
  std::string text = answer.notes + answer.text;
  std::string prefix = folder.string() + "/";
  for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix)) text.erase(at, prefix.size());
  while (text.ends_with('\n')) text.pop_back();
  return {answer.code == kOk ? "told" : "error", text};
}

TEST_CASE("explain, of a config that does not run: case files") {
  tests::TempDir folder;
  CHECK(lang::check_cases(CLI_EXPLAIN_CASES, [&](const Case& one) { return run(one, folder.path()); }) > 8);
}

}  // namespace
}  // namespace weir::cli
