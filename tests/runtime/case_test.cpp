// Runs tests/runtime/cases/*.test. A case is a list of sections:
//
//   -- config                 writes the config and loads it; then …
//   -- loaded added=1 …       … it was applied, with these counts (none: with any)
//   -- refused                … it was refused, with exactly these errors (config.river: left out)
//   -- doubts                 what weir validate warns of in it
//   -- file NAME              writes a file in the folder of the case, which texts call $DIR
//   -- remove NAME            … and takes it away
//   -- load                   loads what there is
//   -- export ID VALUE        the test.source of that id exports VALUE
//   -- fail ID                … says that it is unhealthy
//   -- throw ID               … throws, and is gone
//   -- block ID               … hangs, until …
//   -- release                … all that hang go on
//   -- stop                   stops everything
//   -- expect                 lines `ID health STATE: MESSAGE`, `ID argument NAME = VALUE`,
//                             `ID export NAME = VALUE`, `ID evaluations = N`; waited for, in order
//   -- events                 what components did since the last such section, in any order
//
// The config is config.river; in cases whose name ends so, config.alloy, or the folder conf.d. With
// WEIR_UPDATE_CASES=1 in the environment what is expected is rewritten, and the diff is the review.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
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

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// A case while it runs. Each step gives what its section should say.
class Run {
 public:
  explicit Run(const std::filesystem::path& config) : runtime_(config) {
    std::string folder = runtime_.config_path.parent_path().string();
    folder_ = folder.ends_with("/") ? folder.substr(0, folder.size() - 1) : folder;
  }

  Section step(const Section& section) {
    if (section.name == "config" || section.name == "file") return write(section);
    if (section.name == "remove") std::filesystem::remove(runtime_.folder.path() / section.rest);
    if (section.name == "load") result_ = runtime_.controller->load("test");
    if (section.name == "loaded" || section.name == "refused") return outcome(section);
    if (section.name == "doubts") return doubts(section);
    if (section.name == "release") stage().release();
    if (section.name == "stop") runtime_.controller->stop();
    if (section.name == "expect") return expectation(section);
    if (section.name == "events") return events(section);
    tell(section);
    return section;
  }

 private:
  Section write(const Section& section) {
    std::string text = replaced(section.body, "$DIR", folder_);
    if (section.name == "config") {
      config_ = text;
      result_ = runtime_.load(text);
      return section;
    }
    std::filesystem::path path = runtime_.folder.path() / section.rest;
    std::filesystem::create_directories(path.parent_path());
    // At once: whoever watches must not read the half of it.
    std::ofstream(path.string() + ".new") << text;
    std::filesystem::rename(path.string() + ".new", path);
    return section;
  }

  void tell(const Section& section) {
    auto space = section.rest.find(' ');
    std::string id = section.rest.substr(0, space);
    if (section.name == "export") {
      CHECK(eventually([&] { return stage().publish(id, section.rest.substr(space + 1)); }));
    }
    if (section.name == "fail" || section.name == "throw" || section.name == "block") {
      CHECK(eventually([&] { return stage().tell(id, section.name); }));
    }
    if (section.name == "block") CHECK(eventually([] { return stage().hanging() > 0; }));
  }

  std::string errors(const lang::Diagnostics& diagnostics, lang::Severity severity) const {
    std::string text;
    for (const auto& diagnostic : diagnostics) {
      if (diagnostic.severity != severity) continue;
      text += lang::one_line(diagnostic) + "\n";
      for (const auto& note : diagnostic.notes) {
        auto position = note.source->position(note.span.begin);
        std::string where = note.source == diagnostic.source ? "" : note.source->name() + ":";
        text += fmt::format("  {}{}:{}: {}\n", where, position.line, position.column, note.message);
      }
    }
    text = replaced(std::move(text), runtime_.config_path.string() + ":", "");
    return replaced(std::move(text), folder_, "$DIR");
  }

  Section outcome(const Section& section) const {
    if (result_.ok) {
      // Whether what a change brings about comes in time to be counted is not always certain.
      if (section.name == "loaded" && section.rest.empty()) return section;
      return {.name = "loaded",
              .rest = fmt::format("added={} removed={} changed={} unchanged={}", result_.added,
                                  result_.removed, result_.changed, result_.unchanged),
              .body = ""};
    }
    std::string found = errors(result_.diagnostics, lang::Severity::error);
    // What a load refuses is found without running anything, save what variables are to blame for.
    if (config_.find("env(") == std::string::npos) {
      CHECK(errors(validate(runtime_.config_path, runtime_.registry), lang::Severity::error) == found);
    }
    return {.name = "refused", .rest = "", .body = found};
  }

  Section doubts(const Section& section) {
    auto found = validate(runtime_.config_path, runtime_.registry);
    return {.name = section.name, .rest = "", .body = errors(found, lang::Severity::warning)};
  }

  Section expectation(const Section& section) {
    Section actual{.name = section.name, .rest = section.rest, .body = ""};
    std::istringstream lines(section.body);
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line.starts_with('#')) {
        actual.body += line + "\n";
        continue;
      }
      auto now = [&] { return replaced(actual_line(runtime_, line), folder_, "$DIR"); };
      eventually([&] { return now() == line; }, deadline());
      actual.body += now() + "\n";
    }
    return actual;
  }

  Section events(const Section& section) {
    std::vector<std::string> expected = lines_of(section.body);
    std::ranges::sort(expected);
    std::vector<std::string> seen;
    eventually(
        [&] {
          for (auto& event : stage().take_events()) seen.push_back(std::move(event));
          return !is_update() && seen.size() >= expected.size();
        },
        deadline());
    std::ranges::sort(seen);
    if (seen == expected) return section;
    return {.name = section.name, .rest = section.rest, .body = joined(seen)};
  }

 public:
  static bool is_update() { return std::getenv("WEIR_UPDATE_CASES") != nullptr; }

 private:
  static std::chrono::milliseconds deadline() {
    return is_update() ? std::chrono::milliseconds(500) : std::chrono::seconds(10);
  }

  TestRuntime runtime_;
  std::string folder_;
  LoadResult result_;
  std::string config_;
};

std::filesystem::path config_of(std::string_view name) {
  if (name.ends_with("_alloy.test")) return "config.alloy";
  return name.ends_with("_folder.test") ? "conf.d" : "";
}

std::string text_of(const Section& section) {
  return fmt::format("-- {}{}{}\n{}", section.name, section.rest.empty() ? "" : " ", section.rest,
                     section.body);
}

void run_case(const std::filesystem::path& path) {
  Run run(config_of(path.filename().string()));
  std::string text = *read_file(path);
  std::string actual = text.substr(0, text.starts_with("-- ") ? 0 : text.find("\n-- ") + 1);
  for (const Section& section : sections_of(text)) {
    Section came = run.step(section);
    actual += text_of(came);
    if (Run::is_update()) continue;
    CAPTURE(text_of(section));
    CHECK(text_of(came) == text_of(section));
  }
  if (Run::is_update()) std::ofstream(path) << actual;
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
