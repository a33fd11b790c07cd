// weir: finds the subcommand in the table and runs it.
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "cli/commands.h"

namespace weir::cli {
namespace {

ExitCode refuse(std::string_view message, std::string_view more) {
  fmt::print(stderr, "Error: {}\n\n'weir {}' says more.\n", message, more);
  return kRefused;
}

ExitCode print_help(std::span<const Command> commands, std::span<const std::string_view> words) {
  if (words.empty()) {
    fmt::print("{}", program_help(commands));
    return kOk;
  }
  const Command* command = find_command(commands, words.front());
  if (!command) return refuse(unknown_command(commands, words.front()), "help");
  fmt::print("{}", command_help(*command));
  return kOk;
}

ExitCode run_command_line(std::span<const Command> commands, std::span<const std::string_view> words) {
  if (words.empty()) {
    fmt::print(stderr, "{}", program_help(commands));
    return kRefused;
  }
  std::string_view name = words.front();
  std::span<const std::string_view> rest = words.subspan(1);
  if (name == "help" || name == "--help" || name == "-h") return print_help(commands, rest);
  if (name == "format") name = "fmt";
  if (name == "--version" || name == "-v") name = "version";
  const Command* command = find_command(commands, name);
  if (!command) return refuse(unknown_command(commands, name), "help");
  auto invocation = read_command_line(*command, rest);
  if (!invocation) return refuse(invocation.error().message, fmt::format("{} --help", name));
  if (invocation->wants_help) return print_help(commands, words.subspan(0, 1));
  invocation->commands = commands;
  return command->run(*invocation);
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) {
  using namespace weir::cli;
  const Command commands[] = {kRunCommand,  kRecordCommand,   kTopCommand, kDiffCommand, kExplainCommand,
                              kTestCommand, kValidateCommand, kFmtCommand, kDocsCommand, kVersionCommand};
  std::vector<std::string_view> words(argv + 1, argv + argc);
  return run_command_line(commands, words);
}
