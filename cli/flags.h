// A subcommand as a table, and the command line read against it. Flags are
// GNU style: --name=value, --name value; a switch is --name or --name=false;
// a flag with a letter also -n value and -nvalue, switches
// together -ab; "--" ends them. Help texts and the reference page come from
// the same table.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::cli {

// What the process ends with. Documented by `weir help` and in docs/reference.
enum ExitCode : int {
  kOk = 0,
  kRefused = 1,    // the config or the command line is wrong
  kNoWorld = 2,    // this machine does not allow it: the address is taken, a folder cannot be written
  kNotStopped = 3  // told to stop, but a component did not stop in time
};

struct Flag {
  std::string_view name;   // "storage.path"
  std::string_view value;  // what help calls the value: "FOLDER"; empty: a switch
  std::string_view default_text;
  std::string_view doc;  // one or more sentences
  char letter = 0;       // 'd' for -d; 0: none
};

// A flag that others have and that does nothing here: accepted, with a warning.
struct PeerFlag {
  std::string_view name;
  bool has_value = false;  // else a switch
  std::string_view why;    // it does nothing: the end of a sentence
};

struct Invocation;

struct Command {
  std::string_view name;
  std::string_view operands;  // as usage shows them: "PATH"
  std::string_view summary;   // half a line, no full stop
  std::string_view description;
  std::span<const Flag> flags;
  std::span<const PeerFlag> peer_flags = {};
  std::size_t min_operands = 0;
  std::size_t max_operands = 0;
  // The operands are a command line of their own: the first ends the flags.
  bool runs_operands = false;
  ExitCode (*run)(const Invocation&) = nullptr;
};

// A command line that fits its command.
struct Invocation {
  const Command* command = nullptr;
  std::span<const Command> commands;                           // all there are
  std::map<std::string_view, std::vector<std::string>> given;  // at least one value each, in their order
  std::vector<std::string> operands;
  std::vector<std::string> words;  // as they were written, without the program and the command
  // Sentences about flags that were given and do nothing, each once.
  std::vector<std::string> warnings;
  // --help or -h stood somewhere: nothing else was checked.
  bool wants_help = false;

  // The value given last, or the default. `name` is in the command's table.
  std::string_view flag(std::string_view name) const;
  // All values given; empty when there are none.
  std::vector<std::string> all(std::string_view name) const;
  bool is_given(std::string_view name) const { return given.contains(name); }
  bool is_on(std::string_view name) const { return flag(name) == "true"; }
};

// `words` follow the command's name.
Result<Invocation> read_command_line(const Command& command, std::span<const std::string_view> words);

// Null when there is none of that name.
const Command* find_command(std::span<const Command> commands, std::string_view name);
// "unknown command "rum": did you mean run?"
std::string unknown_command(std::span<const Command> commands, std::string_view name);

std::string command_help(const Command& command);
std::string program_help(std::span<const Command> commands);

}  // namespace weir::cli
