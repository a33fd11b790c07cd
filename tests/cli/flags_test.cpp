#include "cli/flags.h"

#include <doctest/doctest.h>

#include <vector>

#include "cli/commands.h"
#include "cli/peer_flags.h"

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

TEST_CASE("what only others have is accepted, with one warning") {
  constexpr PeerFlag kOthers[] = {{"cluster.enabled", false, "weir runs alone"},
                                  {"cluster.name", true, "weir runs alone"}};
  Command command = kCommand;
  command.peer_flags = kOthers;
  const std::vector<std::string_view> words = {
      "--cluster.enabled", "--cluster.name", "x", "--cluster.name=y", "a.river", "--cluster.enabled=false"};
  auto read = read_command_line(command, words);
  REQUIRE(read.has_value());
  CHECK(read->operands == std::vector<std::string>{"a.river"});
  CHECK(read->warnings == std::vector<std::string>{"--cluster.enabled has no effect: weir runs alone",
                                                   "--cluster.name has no effect: weir runs alone"});
  read = read_command_line(command, std::vector<std::string_view>{"a.river", "--cluster.name"});
  CHECK(read.error().message == "--cluster.name needs a value: --cluster.name=VALUE");
  read = read_command_line(command, std::vector<std::string_view>{"a.river", "--cluster.nam=x"});
  CHECK(read.error().message == "weir run has no flag --cluster.nam: did you mean --cluster.name?");
  CHECK(command_help(command).find("--cluster.enabled --cluster.name\n      weir runs alone.") !=
        std::string::npos);
}

TEST_CASE("every flag of Agent Flow's run and of Alloy's is taken") {
  for (std::string_view word : {"--server.http.listen-addr=:1",
                                "--server.http.memory-addr=a:1",
                                "--server.http.ui-path-prefix=/",
                                "--server.http.enable-pprof",
                                "--storage.path=x",
                                "--disable-reporting",
                                "--config.format=flow",
                                "--config.bypass-conversion-errors",
                                "--config.extra-args=x",
                                "--cluster.enabled",
                                "--cluster.node-name=x",
                                "--cluster.advertise-address=x",
                                "--cluster.advertise-interfaces=x",
                                "--cluster.join-addresses=x",
                                "--cluster.discover-peers=x",
                                "--cluster.rejoin-interval=60s",
                                "--cluster.max-join-peers=5",
                                "--cluster.name=x",
                                "--stability.level=experimental",
                                "--feature.community-components.enabled",
                                "--feature.component-shutdown-deadline=10m",
                                "--feature.prometheus.direct-fanout.enabled",
                                "--server.http.disable-support-bundle",
                                "--server.http.enable-graphql",
                                "--server.http.enable-graphql-playground",
                                "--cluster.enable-tls",
                                "--cluster.tls-ca-path=x",
                                "--cluster.tls-cert-path=x",
                                "--cluster.tls-key-path=x",
                                "--cluster.tls-server-name=x",
                                "--cluster.wait-for-size=0",
                                "--cluster.wait-timeout=0",
                                "--windows.priority=normal"}) {
    CAPTURE(word);
    auto read = read_command_line(kRunCommand, std::vector<std::string_view>{word, "a.river"});
    CHECK(read.has_value());
  }
}

TEST_CASE("the environment of others is understood") {
  auto with = [](std::string_view name, std::string value) {
    return [name, value](std::string_view asked) { return asked == name ? value : std::string(); };
  };
  CHECK(check_environment(with("AGENT_MODE", "flow")));
  CHECK(check_environment(with("PATH", "x")));
  CHECK(check_environment(with("AGENT_MODE", "static")).error().message ==
        "AGENT_MODE is \"static\": weir is flow mode only; set it to flow, or leave it unset");
  CHECK(environment_warnings(with("GOMEMLIMIT", "1GiB")) ==
        std::vector<std::string>{"GOMEMLIMIT has no effect: weir is not a Go program"});
  CHECK(check_config_format("alloy"));
  CHECK(check_config_format("static").error().message ==
        "--config.format=static: weir reads flow, river and alloy; 'alloy convert --source-format=static' "
        "makes "
        "one of it");
  CHECK(check_config_format("x").error().message == "--config.format is flow, river or alloy, got \"x\"");
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
