// Edits by chance: what a running config becomes by them must be what the new text alone would be.
#include "runtime/config_edit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "tests/runtime/test_runtime.h"

namespace weir::runtime::testing {
namespace {

constexpr std::string_view kConfig = R"(// a config
logging {
  level = "info"
}

test.source "a" { value = "one" }
test.source "b" { value = "{}" } // behind it
test.source "late" { hold = true }

declare "pair" {
  argument "first" { }
  argument "second" {
    optional = true
    default  = "none"
  }

  test.join "j" {
    values = [argument.first.value, argument.second.value]
  }

  export "both" { value = test.join.j.value }
}

pair "p" {
  first = test.source.a.value
}

test.join "ab" {
  values    = [test.source.a.value, test.source.b.value]
  separator = "-"
}

/* a comment
   of two lines */
test.sink "one" {
  value  = test.join.ab.value
  number = 7
}
test.sink "two" {
  value = json_decode(test.source.b.value)
}
test.sink "three" {
  value = test.source.late.value

  part {
    name = "x"
  }
}
test.sink "four" { value = pair.p.both }
test.sink "five" { value = `raw
text` }
)";

class Editor {
 public:
  explicit Editor(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  std::string edited(const std::string& text) {
    switch (below(8)) {
      case 0:
        return with_line(
            text, pick({"", "// a remark", "  ", "/* a", "*/", "}", "\xEF\xBB\xBF", "test.sink \"n\" { }"}));
      case 1: return without_line(text);
      case 2: return with_word(text);
      case 3: return twice_a_line(text);
      case 4: return with_bytes(text);
      case 5: return without_bytes(text);
      default: return with_value(text);
    }
  }

 private:
  std::string_view pick(std::initializer_list<std::string_view> choices) {
    return choices.begin()[below(choices.size())];
  }
  std::size_t line_begin(const std::string& text) {
    std::size_t at = text.find('\n', below(text.size()));
    return at == text.npos ? text.size() : at + 1;
  }
  std::string with_line(std::string text, std::string_view line) {
    return text.insert(line_begin(text), fmt::format("{}\n", line));
  }
  std::string without_line(std::string text) {
    std::size_t begin = line_begin(text);
    std::size_t end = text.find('\n', begin);
    return text.erase(begin, end == text.npos ? end : end + 1 - begin);
  }
  std::string twice_a_line(std::string text) {
    std::size_t begin = line_begin(text);
    return text.insert(line_begin(text), text.substr(begin, text.find('\n', begin) + 1 - begin));
  }
  // Another value of the same kind: what is edited most of the time.
  std::string with_value(std::string text) {
    std::size_t begin = text.find('"', below(text.size()));
    std::size_t end = begin == text.npos ? begin : text.find('"', begin + 1);
    if (end == text.npos) return text;
    bool is_label = text.find('{', end) == end + 2;
    if (is_label && below(4) > 0) return with_value(std::move(text));
    return text.replace(begin + 1, end - begin - 1, pick({"one", "other", "{}", "[1]", "a", "info", "x"}));
  }
  std::string with_word(std::string text) {
    std::string_view word = pick({"test.source.a.value", "test.source.b.value", "test.join.ab.value",
                                  "test.source.late.value", "pair.p.both", "\"x\"", "0", "12"});
    std::size_t at = text.find(" = ", below(text.size()));
    if (at == text.npos) return text;
    std::size_t end = text.find_first_of(" \n", at + 3);
    return text.replace(at + 3, end == text.npos ? end : end - at - 3, word);
  }
  std::string with_bytes(std::string text) {
    return text.insert(below(text.size() + 1),
                       pick({"{", "}", "\"", "\n", "/*", "*/", "//", "`", "a", " ", "="}));
  }
  std::string without_bytes(std::string text) { return text.erase(below(text.size()), 1 + below(3)); }

  std::mt19937 random_;
};

lang::Span span_of(const lang::Statement& statement) {
  auto* block = std::get_if<const lang::Block*>(&statement);
  return block ? (*block)->span : std::get<lang::Attribute>(statement).span;
}

std::string text_of(const std::vector<FilePtr>& files) {
  std::string text;
  for (const FilePtr& file : files) {
    for (const lang::Statement& statement : file->body.statements) {
      lang::Span span = span_of(statement), place = file->source->in_file(span);
      auto [line, column] = file->source->position(span.begin);
      auto [last_line, last_column] = file->source->position(span.end);
      text += fmt::format("{}-{} {}:{}-{}:{} {}\n", place.begin, place.end, line, column, last_line,
                          last_column, file->source->text(span));
    }
  }
  return text;
}

TEST_CASE("the trees of an edited text are those of the text") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    Editor editor(seed);
    std::vector<lang::SourcePtr> before = {lang::Source::make("a", "x = 1\n"),
                                           lang::Source::make("b", std::string(kConfig))};
    lang::Diagnostics none;
    std::vector<FilePtr> parts = parse_all(before, none);
    std::size_t kept = 0;
    for (int step = 0; step < 100; ++step) {
      std::string text = editor.edited(std::string(before[1]->text()));
      std::vector<lang::SourcePtr> now = {before[0], lang::Source::make("b", text)};
      lang::Diagnostics errors, expected_errors;
      ConfigEdit edit = edit_config(before, parts, now, errors);
      std::vector<FilePtr> expected = parse_all(now, expected_errors);
      CAPTURE(std::string(before[1]->text()));
      CAPTURE(text);
      REQUIRE(lang::render(errors) == lang::render(expected_errors));
      if (!errors.empty()) continue;
      REQUIRE(text_of(edit.files) == text_of(expected));
      kept += edit.is_complete;
      before = std::move(now);
      parts = std::move(edit.files);
    }
    CHECK(kept > 10);
  }
}

std::string body_text(const lang::BodyValue& body) {
  std::string text;
  for (const auto& one : body.statements) {
    text += fmt::format("{}{} {}{{{}}};", one.name, one.is_default ? " (default)" : "",
                        lang::describe(one.value), one.body ? body_text(*one.body) : "");
  }
  return text;
}

// What the text decides.
std::string planned(const Controller& controller) {
  auto snapshot = controller.snapshot();
  std::string text = lang::render(snapshot->last_load.diagnostics);
  for (const auto& source : snapshot->sources) text += source->text();
  for (const auto& node : snapshot->nodes) {
    auto place = node->place();
    auto [line, column] = place.source->position(place.span.begin);
    text += fmt::format("{} at {}:{}:{} {}\n", node->id, place.source->name(), line, column,
                        place.source->text(place.span));
    text += fmt::format("  to {} by {}\n", fmt::join(node->references_to, ","),
                        fmt::join(node->referenced_by, ","));
  }
  return text;
}

// What has become of it; some of it takes the components some time.
std::string running(const Controller& controller) {
  std::string text;
  for (const auto& node : controller.snapshot()->nodes) {
    if (node->name == "import.string") continue;
    auto state = node->state();
    text += fmt::format("{}\n  {}\n  {}\n", node->id, body_text(node->arguments()),
                        lang::describe(state->exports));
    for (const Health* health : {&state->evaluation_health, &state->run_health, &state->reported_health}) {
      text += fmt::format("  {} {}\n", to_string(health->state), health->message);
    }
  }
  return text;
}

// From the first line on that is another.
std::string difference(const std::string& a, const std::string& b) {
  if (a == b) return "";
  auto same = std::ranges::mismatch(a, b).in1 - a.begin();
  auto begin = same == 0 ? 0 : a.rfind('\n', static_cast<std::size_t>(same) - 1) + 1;
  return fmt::format("{}\n--\n{}", a.substr(begin, 300), b.substr(begin, 300));
}

// A controller beside that of a test, with a config of its own.
class Beside {
 public:
  Beside(TestRuntime& runtime, std::string_view file) : path_(runtime.folder.path() / file) {
    controller_ =
        Controller::create({.registry = &runtime.registry,
                            .log = &log_,
                            .metrics = &metrics_,
                            .clock = &system_clock(),
                            .storage_path = runtime.folder.path() / "data",
                            .env = [](std::string_view name) { return "env:" + std::string(name); }},
                           {.config_path = path_, .watch_file = false});
  }

  LoadResult load(std::string_view text) {
    std::ofstream(path_) << text;
    return controller_->load("test");
  }
  const Controller& controller() const { return *controller_; }

 private:
  std::filesystem::path path_;
  LogHub log_{[](std::string_view) {}};
  MetricRegistry metrics_;
  std::unique_ptr<Controller> controller_;
};

TEST_CASE("an edited config runs like one that was loaded from the new text") {
  std::size_t applied = 0;
  for (unsigned seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    Editor editor(seed);
    TestRuntime runtime;
    // Where there is an import each load makes everything anew.
    Beside anew(runtime, "anew.river");
    auto load_anew = [&](const std::string& text) {
      return anew.load(text + "\nimport.string \"empty\" { content = \"\" }\n").ok;
    };
    std::string good(kConfig);
    REQUIRE(runtime.load(good).ok);
    REQUIRE(load_anew(good));
    for (int step = 0; step < 60; ++step) {
      std::string text = editor.edited(good);
      LoadResult result = runtime.load(text);
      Beside first(runtime, "config.river");
      LoadResult expected = first.load(text);
      CAPTURE(good);
      CAPTURE(text);
      REQUIRE(result.ok == expected.ok);
      REQUIRE(lang::render(result.diagnostics) == lang::render(expected.diagnostics));
      if (!result.ok) continue;
      REQUIRE(difference(planned(*runtime.controller), planned(first.controller())) == "");
      REQUIRE(load_anew(text));
      auto now = [&] {
        std::string other = running(anew.controller());
        for (auto at = other.find("anew.river"); at != other.npos; at = other.find("anew.river", at)) {
          other.replace(at, 10, "config.river");
        }
        return difference(running(*runtime.controller), other);
      };
      eventually([&] { return now().empty(); }, std::chrono::seconds(2));
      REQUIRE(now() == "");
      ++applied;
      good = std::move(text);
    }
  }
  CHECK(applied > 60);
}

}  // namespace
}  // namespace weir::runtime::testing
