// weir test: unit tests of configs.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file_system.h"
#include "cli/commands.h"
#include "cli/rehearsal.h"
#include "cli/terminal.h"
#include "cli/test_file.h"
#include "cli/test_verdict.h"
#include "lang/text.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffixes[] = {".test.river", ".test.alloy"};
constexpr std::size_t kLargestFile = 16 << 20;

struct Tally {
  std::size_t passed = 0, failed = 0, refused = 0;
};

bool is_test_file(const fs::path& path) {
  std::string name = path.filename().string();
  return std::ranges::any_of(kSuffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

Result<std::vector<fs::path>> test_files(const std::vector<std::string>& operands) {
  std::vector<fs::path> files;
  for (const std::string& operand : operands) {
    std::error_code error;
    if (!fs::is_directory(operand, error)) {
      if (!is_test_file(operand))
        return fail("{}: tests stand in files named *.test.river or *.test.alloy", operand);
      files.emplace_back(operand);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(operand, error)) {
      if (is_test_file(entry.path())) found.push_back(entry.path());
    }
    if (error) return fail("{}: {}", operand, error.message());
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  if (files.empty()) return fail("there are no *.test.river or *.test.alloy files in what is named");
  return files;
}

// a.test.river tests a.river.
fs::path config_of(const fs::path& test, const std::string& named) {
  if (!named.empty()) return test.parent_path() / named;
  std::string name = test.filename().string();
  return test.parent_path() / name.replace(name.rfind(".test."), 5, "");
}

std::string indented(const std::string& text) {
  std::string out = "    ";
  for (char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

void run_case(const fs::path& file, const fs::path& config, const TestCase& test, Tally& tally) {
  auto env = [&](std::string_view name) {
    auto found = test.env.find(std::string(name));
    return found == test.env.end() ? std::string() : found->second;
  };
  Props props{.exports = {}, .env = env};
  for (const TestOverride& override : test.overrides) props.exports[override.component] = override.exports;
  Rehearsed rehearsed = rehearse(config, props);
  std::vector<std::string> failures;
  if (rehearsed.snapshot == nullptr) {
    failures.push_back("the config is refused\n" + lang::render(rehearsed.diagnostics, color_of_stdout()));
  } else {
    failures = failures_of(test, *rehearsed.snapshot);
  }
  fmt::print("{} {}: {}\n", failures.empty() ? "ok    " : "FAILED", file.string(), test.block_label);
  for (const std::string& failure : failures) fmt::print("{}", indented(failure));
  ++(failures.empty() ? tally.passed : tally.failed);
}

void run_file(const fs::path& path, Tally& tally) {
  auto text = read_file(path, kLargestFile);
  if (!text) {
    say("Error: {}\n", text.error().message);
    ++tally.refused;
    return;
  }
  auto source = lang::Source::make(path.string(), *std::move(text));
  lang::Diagnostics diagnostics;
  auto file = read_test_file(source, diagnostics);
  if (!diagnostics.empty()) say("{}", lang::render(diagnostics, color_of_stderr()));
  if (!file) {
    ++tally.refused;
    return;
  }
  for (const TestCase& test : file->tests) run_case(path, config_of(path, file->config), test, tally);
}

ExitCode test(const Invocation& invocation) {
  auto files = test_files(invocation.operands);
  if (!files) {
    say("Error: {}\n", files.error().message);
    return kRefused;
  }
  Tally tally;
  for (const fs::path& file : *files) run_file(file, tally);
  fmt::print("{} passed, {} failed{}\n", tally.passed, tally.failed,
             tally.refused == 0 ? "" : fmt::format(", {} files that cannot be read", tally.refused));
  return tally.failed == 0 && tally.refused == 0 ? kOk : kRefused;
}

}  // namespace

constinit const Command kTestCommand{
    .name = "test",
    .operands = "PATH...",
    .summary = "run the unit tests of configs",
    .description =
        "Runs the tests in *.test.river and *.test.alloy files, those of folders too. A test says what "
        "components "
        "find, and what the config has to make of it: what others export, which labels a target ends with, "
        "which "
        "rule drops it. The config is evaluated as it would run, but no component is started: no socket, "
        "file or "
        "cluster is touched. A failure shows the difference and the rule that made it.",
    .flags = {},
    .min_operands = 1,
    .max_operands = 10'000,
    .run = test,
};

}  // namespace weir::cli
