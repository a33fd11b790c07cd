#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"
#include "cli/top_summary.h"

namespace weir::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMs = 1'000'000;

// Two processes, one of them in a container; values in ms.
TopInterval interval() {
  auto profile = std::make_shared<profile::Profile>();
  for (std::string_view name : {"main", "work", "wait"}) {
    profile->frames.push_back({.kind = profile::FrameKind::native,
                               .no_name = profile::NoName::named,
                               .lines = {{std::string(name), "", 0}}});
  }
  profile->stacks = {{.frames = {1, 0}}, {.frames = {2, 0}}};
  profile->sample_labels = {profile::Labels{{"pid", "7"}}, profile::Labels{{"pid", "8"}}};
  profile->samples = {{0, 1500 * kMs, 150, 0}, {1, 200 * kMs, 20, 0}, {1, 100 * kMs, 10, 1}};
  return {.time = WallTime(1'700'000'000s),
          .length = 1s,
          .lost = 3,
          .cpus = 2,
          .profiles = {profile},
          .processes = {{.pid = 7, .comm = "checkout"},
                        {.pid = 8, .comm = "db", .container_id = std::string(64, 'a')}}};
}

TEST_CASE("top: who used the CPUs, and with what") {
  TopSummary summary = summarize(interval());
  CHECK(summary.samples == 180);
  CHECK(summary.cpu == doctest::Approx(1.8));
  const auto& processes = summary.of(TopKind::processes);
  REQUIRE(processes.size() == 2);
  CHECK(processes[0].name == "checkout");
  CHECK(processes[0].cpu == doctest::Approx(1.7));
  CHECK(processes[0].busiest == "work");
  CHECK(processes[1].busiest == "wait");
  const auto& functions = summary.of(TopKind::functions);
  REQUIRE(functions.size() == 3);
  CHECK(functions[0].name == "work");
  CHECK(functions[1].name == "wait");
  CHECK(functions[1].cpu == doctest::Approx(0.3));
  CHECK(functions[2].name == "main");
  CHECK(functions[2].total == doctest::Approx(1.8));
  const auto& containers = summary.of(TopKind::containers);
  REQUIRE(containers.size() == 2);
  CHECK(containers[0].name == "(in no container)");
  CHECK(containers[1].name == "aaaaaaaaaaaa");
  CHECK(containers[1].processes == 1);
}

TEST_CASE("top: keys") {
  TopState state;
  press(state, "\t");
  CHECK(state.kind == TopKind::functions);
  press(state, "\x1b[D");
  CHECK(state.kind == TopKind::processes);
  press(state, "3");
  CHECK(state.kind == TopKind::containers);
  press(state, "1jjj\x1b[A");
  CHECK(state.first == 2);
  press(state, " ");
  CHECK(state.is_frozen);
  press(state, "/qä\x7f 2");
  CHECK(state.is_typing);
  CHECK(state.filter == "q 2");
  press(state, "\x1b[A");
  CHECK(state.filter == "q 2");
  press(state, "\r");
  CHECK_FALSE(state.is_typing);
  CHECK(state.filter == "q 2");
  CHECK_FALSE(state.wants_to_end);
  press(state, "\x1b");
  CHECK(state.filter.empty());
  press(state, "q");
  CHECK(state.wants_to_end);
}

TEST_CASE("top: the filter finds names, whatever the case, and pids") {
  TopSummary summary = summarize(interval());
  auto found = [&](std::string filter) {
    TopState state{.filter = std::move(filter)};
    std::string names;
    for (const TopRow* row : rows_shown(summary, state)) names += row->name + ' ';
    return names;
  };
  CHECK(found("") == "checkout db ");
  CHECK(found("CHECK") == "checkout ");
  CHECK(found("wait") == "db ");
  CHECK(found("aaaa") == "db ");
  CHECK(found("7") == "checkout ");
  CHECK(found("none").empty());
}

TEST_CASE("top: a screen has as many lines as there are, none too long, whatever the names are") {
  TopInterval hostile = interval();
  hostile.processes[0].comm = "\x1b]0;x\a\xff" + std::string(300, 'n') + "日本語";
  TopSummary summary = summarize(hostile);
  for (ScreenSize size : {ScreenSize{80, 24}, {120, 40}, {20, 5}, {1, 1}, {0, 0}, {300, 4}, {13, 3}}) {
    for (std::size_t kind = 0; kind < kTopKinds; ++kind) {
      CAPTURE(size.columns);
      CAPTURE(kind);
      TopState state{.kind = static_cast<TopKind>(kind), .filter = "", .is_typing = kind == 1};
      auto lines = draw_screen(&summary, state, size, lang::Color::off);
      CHECK(lines.size() == size.lines);
      for (const std::string& line : lines) {
        CHECK(columns_of(line) <= size.columns);
        CHECK(line.find('\x1b') == std::string::npos);
      }
    }
  }
  TopState state;
  CHECK(draw_screen(nullptr, state, {80, 24}, lang::Color::off).front() == "weir top   sampling …");
}

TEST_CASE("top: a pipe gets a heading and rows") {
  TopState state{.kind = TopKind::processes};
  std::string text = plain_text(summarize(interval()), state, 1);
  CHECK(text.starts_with("weir top   90.0 % of 2 CPUs   180 samples in 1.0 s   3 lost   22:13:20 UTC\n"));
  CHECK(text.find(" 170.0 %         7  checkout") != std::string::npos);
  CHECK(text.find("db") == std::string::npos);
}

TEST_CASE("names are cut to columns, and cannot command a terminal") {
  CHECK(cut("a\x1b[2Jb\n\xff", 80) == "a\\x1b[2Jb\\n\\xff");
  CHECK(cut("\u202Eabc", 80) == "\\u202eabc");
  CHECK(columns_of("日本") == 4);
  CHECK(cut("abcdef", 6) == "abcdef");
  CHECK(cut("abcdef", 4) == "abc…");
  CHECK(cut("日本語", 4) == "日…");
  CHECK(cut("abc", 0).empty());
  CHECK(cut_front("std::vector::push", 6) == "…:push");
  CHECK(cut_front("abc", 3) == "abc");
}

}  // namespace
}  // namespace weir::cli
