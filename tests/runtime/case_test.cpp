// Runs tests/runtime/cases/*.test. A case is a list of sections:
//
//   -- config                 writes the config and loads it; then …
//   -- loaded added=1 …       … it was applied, with these counts
//   -- refused                … it was refused, with exactly these errors (config.river: left out)
//   -- publish ID VALUE       the test.source of that id exports VALUE
//   -- expect                 lines `ID health STATE: MESSAGE`, `ID argument NAME = VALUE`,
//                             `ID export NAME = VALUE`, `ID evaluations = N`; waited for, in order
//   -- events                 what components did since the last such section, in any order
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>

#include "base/file_system.h"
#include "tests/runtime/test_runtime.h"

namespace weir::runtime::testing {
namespace {

struct Section {
  std::string name;
  std::string rest;  // of its head line
  std::string body;
};

std::vector<Section> sections_of(const std::string& text) {
  std::vector<Section> sections;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("-- ")) {
      std::string head = line.substr(3);
      auto space = head.find(' ');
      sections.push_back({.name = head.substr(0, space),
                          .rest = space == std::string::npos ? "" : head.substr(space + 1),
                          .body = ""});
    } else if (!sections.empty()) {
      sections.back().body += line + "\n";
    }
  }
  return sections;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

// The same words as an expectation, for what the line is about.
std::string actual_line(const TestRuntime& runtime, const std::string& expected) {
  std::istringstream words(expected);
  std::string id, what, name;
  words >> id >> what >> name;
  const auto snapshot = runtime.controller->snapshot();
  const Node* node = snapshot->find(id);
  if (node == nullptr) return id + " is not there";
  auto state = node->state();
  if (what == "health") {
    return fmt::format("{} health {}: {}", id, to_string(state->health.state), state->health.message);
  }
  if (what == "evaluations") return fmt::format("{} evaluations = {}", id, state->evaluations);
  if (what == "export") {
    auto map = state->exports.as_map();
    auto value = map ? map->find(name) : std::nullopt;
    return fmt::format("{} export {} = {}", id, name, value ? lang::describe(*value) : "nothing");
  }
  for (const auto& statement : node->arguments().statements) {
    if (statement.name != name) continue;
    return fmt::format("{} argument {} = {}{}", id, name, lang::describe(statement.value),
                       statement.is_default ? " (default)" : "");
  }
  return fmt::format("{} argument {} = nothing", id, name);
}

void expect_lines(const TestRuntime& runtime, const std::string& body) {
  for (const std::string& line : lines_of(body)) {
    eventually([&] { return actual_line(runtime, line) == line; }, std::chrono::seconds(5));
    CHECK(actual_line(runtime, line) == line);
  }
}

void expect_events(const std::string& body) {
  std::vector<std::string> expected = lines_of(body);
  std::ranges::sort(expected);
  std::vector<std::string> seen;
  eventually(
      [&] {
        for (auto& event : stage().take_events()) seen.push_back(std::move(event));
        return seen.size() >= expected.size();
      },
      std::chrono::seconds(5));
  std::ranges::sort(seen);
  CHECK(fmt::format("{}", fmt::join(seen, "\n")) == fmt::format("{}", fmt::join(expected, "\n")));
}

std::string errors_of(const TestRuntime& runtime, const LoadResult& result) {
  std::string text;
  std::string prefix = runtime.config_path.string() + ":";
  for (const auto& diagnostic : result.diagnostics) {
    if (diagnostic.severity != lang::Severity::error) continue;
    std::string line = lang::one_line(diagnostic);
    for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix)) {
      line.erase(at, prefix.size());
    }
    text += line + "\n";
    for (const auto& note : diagnostic.notes) {
      auto position = note.source->position(note.span.begin);
      text += fmt::format("  {}:{}: {}\n", position.line, position.column, note.message);
    }
  }
  return text;
}

void run_case(const std::filesystem::path& path) {
  TestRuntime runtime;
  LoadResult result;
  std::string config;
  for (const Section& section : sections_of(*read_file(path))) {
    CAPTURE(section.name);
    CAPTURE(section.body);
    if (section.name == "config") {
      config = section.body;
      result = runtime.load(config);
    } else if (section.name == "loaded") {
      CHECK(errors_of(runtime, result) == "");
      CHECK(result.ok);
      CHECK(fmt::format("added={} removed={} changed={} unchanged={}", result.added, result.removed,
                        result.changed, result.unchanged) == section.rest);
    } else if (section.name == "refused") {
      CHECK_FALSE(result.ok);
      CHECK(errors_of(runtime, result) == section.body);
      // What a load refuses is found without running anything, save what variables are to blame for.
      if (config.contains("env(")) continue;
      result.diagnostics = validate(runtime.config_path, runtime.registry);
      CHECK(errors_of(runtime, result) == section.body);
    } else if (section.name == "publish") {
      auto space = section.rest.find(' ');
      std::string id = section.rest.substr(0, space);
      CHECK(eventually([&] { return stage().publish(id, section.rest.substr(space + 1)); }));
    } else if (section.name == "expect") {
      expect_lines(runtime, section.body);
    } else if (section.name == "events") {
      expect_events(section.body);
    } else {
      FAIL("no such section");
    }
  }
}

TEST_CASE("cases") {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_RUNTIME_CASES)) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  CHECK_FALSE(paths.empty());
  for (const auto& path : paths) {
    std::string name = path.filename().string();
    CAPTURE(name);
    run_case(path);
  }
}

}  // namespace
}  // namespace weir::runtime::testing
