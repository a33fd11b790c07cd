#include "cli/flags.h"

#include <doctest/doctest.h>

#include <vector>

namespace weir::cli {
namespace {

constexpr Flag kFlags[] = {
    {.name = "storage.path", .value = "FOLDER", .default_text = "data/", .doc = "Where things are kept."},
    {.name = "disable-reporting", .value = "", .default_text = "", .doc = "No effect."},
};

constexpr Command kCommand{.name = "run",
                           .operands = "PATH",
                           .summary = "run a config",
                           .description = "Runs it.",
                           .flags = kFlags,
                           .min_operands = 1,
                           .max_operands = 1,
                           .run = nullptr};

TEST_CASE("flags are read in every GNU form") {
  struct Row {
    std::vector<std::string_view> words;
    std::string_view path, storage;
    bool off;
  };
  const Row rows[] = {
      {{"a.river"}, "a.river", "data/", false},
      {{"--storage.path=x", "a.river"}, "a.river", "x", false},
      {{"--storage.path", "x", "a.river"}, "a.river", "x", false},
      {{"a.river", "--storage.path="}, "a.river", "", false},
      {{"a.river", "--storage.path=x=y"}, "a.river", "x=y", false},
      {{"a.river", "--storage.path=x", "--storage.path=z"}, "a.river", "z", false},
      {{"--disable-reporting", "a.river"}, "a.river", "data/", true},
      {{"--disable-reporting=true", "a.river"}, "a.river", "data/", true},
      {{"--disable-reporting=false", "a.river"}, "a.river", "data/", false},
      {{"--", "--odd"}, "--odd", "data/", false},
      {{"-"}, "-", "data/", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words.front());
    auto read = read_command_line(kCommand, row.words);
    REQUIRE(read.has_value());
    CHECK(read->operands == std::vector<std::string>{std::string(row.path)});
    CHECK(read->flag("storage.path") == row.storage);
    CHECK(read->is_on("disable-reporting") == row.off);
  }
}

TEST_CASE("a wrong command line says what would be right") {
  struct Row {
    std::vector<std::string_view> words;
    std::string_view message;
  };
  const Row rows[] = {
      {{"--storage.pat=x", "a"}, "weir run has no flag --storage.pat: did you mean --storage.path?"},
      {{"--zzzzzzzzz", "a"}, "weir run has no flag --zzzzzzzzz"},
      {{"-x", "a"}, "weir run has no flag -x: flags are written --name=value"},
      {{"a", "--storage.path"}, "--storage.path needs a value: --storage.path=FOLDER"},
      {{"--disable-reporting=maybe", "a"},
       "--disable-reporting is a switch: \"maybe\" is neither true nor false"},
      {{}, "weir run needs PATH: weir run PATH"},
      {{"a", "b"}, "weir run: \"b\" is one argument too many"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    auto read = read_command_line(kCommand, row.words);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message == row.message);
  }
}

constexpr Flag kRecordFlags[] = {
    {.name = "duration", .value = "SECONDS", .default_text = "10", .doc = "How long.", .letter = 'd'},
    {.name = "open", .value = "", .default_text = "", .doc = "Shows it.", .letter = 'o'},
    {.name = "test", .value = "", .default_text = "", .doc = "Only looks.", .letter = 't'},
};
constexpr Command kRecord{.name = "record",
                          .operands = "[-- COMMAND …]",
                          .summary = "record",
                          .description = "Records.",
                          .flags = kRecordFlags,
                          .min_operands = 0,
                          .max_operands = 9,
                          .runs_operands = true,
                          .run = nullptr};

TEST_CASE("letters, repeated flags, and a command with flags of its own") {
  struct Row {
    std::vector<std::string_view> words;
    std::vector<std::string> durations, operands;
  };
  const Row rows[] = {
      {{"-d", "5"}, {"5"}, {}},
      {{"-d5"}, {"5"}, {}},
      {{"-d=5", "--duration=6"}, {"5", "6"}, {}},
      {{"-d", "5", "--", "ls", "-d"}, {"5"}, {"ls", "-d"}},
      {{"ls", "-d", "5", "--help"}, {}, {"ls", "-d", "5", "--help"}},
      {{"--", "--open"}, {}, {"--open"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words.front());
    auto read = read_command_line(kRecord, row.words);
    REQUIRE(read.has_value());
    CHECK(read->all("duration") == row.durations);
    CHECK(read->is_given("duration") == !row.durations.empty());
    CHECK(read->operands == row.operands);
    CHECK(read->flag("duration") == (row.durations.empty() ? "10" : row.durations.back()));
    CHECK(read->words.size() == row.words.size());
  }
  for (const std::vector<std::string_view>& words :
       {std::vector<std::string_view>{"-ot"}, {"-o", "-t"}, {"-to"}, {"-t", "-o=true"}}) {
    auto read = read_command_line(kRecord, words);
    REQUIRE(read.has_value());
    CHECK(read->is_on("open"));
    CHECK(read->is_on("test"));
  }
  const std::vector<std::string_view> odd_switch{"-ox"};
  CHECK(read_command_line(kRecord, odd_switch).error().message ==
        "weir record has no flag -x: flags are written --name=value");
  const std::vector<std::string_view> no_value{"-d"};
  CHECK(read_command_line(kRecord, no_value).error().message == "-d needs a value: -d SECONDS");
  const std::vector<std::string_view> no_flag{"-x5"};
  CHECK(read_command_line(kRecord, no_flag).error().message ==
        "weir record has no flag -x5: flags are written --name=value");
  CHECK(command_help(kRecord).find("  -d, --duration=SECONDS\n") != std::string::npos);
}

TEST_CASE("--help wins over everything, except behind --") {
  const std::vector<std::string_view> wrong{"--nonsense", "--help"};
  CHECK(read_command_line(kCommand, wrong)->wants_help);
  const std::vector<std::string_view> operand{"--", "--help"};
  CHECK_FALSE(read_command_line(kCommand, operand)->wants_help);
  for (const std::vector<std::string_view>& words : {std::vector<std::string_view>{"-d", "10", "--help"},
                                                     {"--duration", "10", "-h"},
                                                     {"-d", "--help"},
                                                     {"-d5", "-h"}})
    CHECK(read_command_line(kRecord, words)->wants_help);
  const std::vector<std::string_view> of_the_command{"-d", "10", "ls", "--help"};
  CHECK_FALSE(read_command_line(kRecord, of_the_command)->wants_help);
}

TEST_CASE("an unknown command names the likely one") {
  const Command commands[] = {kCommand};
  CHECK(find_command(commands, "run") == &commands[0]);
  CHECK(find_command(commands, "rum") == nullptr);
  CHECK(unknown_command(commands, "rum") == "weir has no command \"rum\": did you mean run?");
}

TEST_CASE("help names every flag with its default") {
  std::string text = command_help(kCommand);
  CHECK(text.find("  weir run [FLAGS] PATH\n") != std::string::npos);
  CHECK(text.find("  --storage.path=FOLDER\n      Where things are kept. Default: data/.\n") !=
        std::string::npos);
  CHECK(text.find("  --disable-reporting\n") != std::string::npos);
}

}  // namespace
}  // namespace weir::cli
