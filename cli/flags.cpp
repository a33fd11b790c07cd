#include "cli/flags.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "lang/diagnostic.h"

namespace weir::cli {
namespace {

const Flag* find_flag(const Command& command, std::string_view name) {
  auto found = std::ranges::find(command.flags, name, &Flag::name);
  return found == command.flags.end() ? nullptr : &*found;
}

// ": did you mean --x?", or nothing.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates,
                       std::string_view prefix) {
  std::string likely = lang::did_you_mean(word, candidates);
  return likely.empty() ? std::string() : fmt::format(": did you mean {}{}?", prefix, likely);
}

std::unexpected<Error> unknown_flag(const Command& command, std::string_view name) {
  std::vector<std::string_view> names{"help"};
  for (const Flag& flag : command.flags) names.push_back(flag.name);
  for (const PeerFlag& flag : command.peer_flags) names.push_back(flag.name);
  return fail("weir {} has no flag --{}{}", command.name, name, suggestion(name, names, "--"));
}

Result<std::string> switch_value(const Flag& flag, std::string_view text) {
  for (std::string_view word : {"true", "1", "t"}) {
    if (text == word) return "true";
  }
  for (std::string_view word : {"false", "0", "f"}) {
    if (text == word) return "false";
  }
  return fail("--{} is a switch: \"{}\" is neither true nor false", flag.name, text);
}

// Takes one that others have, if words[at] is one, and moves `at` to the last word it took.
Result<bool> read_peer_flag(Invocation& invocation, std::span<const std::string_view> words,
                            std::size_t& at) {
  if (!words[at].starts_with("--")) return false;
  std::string_view word = words[at].substr(2);
  std::string_view name = word.substr(0, word.find('='));
  auto flag = std::ranges::find(invocation.command->peer_flags, name, &PeerFlag::name);
  if (flag == invocation.command->peer_flags.end()) return false;
  if (flag->has_value && name == word && ++at == words.size())
    return fail("--{0} needs a value: --{0}=VALUE", name);
  std::string warning = fmt::format("--{} has no effect: {}", name, flag->why);
  if (std::ranges::find(invocation.warnings, warning) == invocation.warnings.end()) {
    invocation.warnings.push_back(std::move(warning));
  }
  return true;
}

struct FlagWord {
  const Flag* flag = nullptr;
  std::string_view written;  // as the person wrote the flag: "--duration", "-d"
  std::optional<std::string_view> value;
  bool has_equals = false;  // before the value
};

Result<FlagWord> read_long(const Command& command, std::string_view word) {
  std::size_t equals = word.find('=');
  FlagWord read{.written = word.substr(0, equals), .value = {}, .has_equals = equals != word.npos};
  std::string_view name = read.written.substr(2);
  read.flag = find_flag(command, name);
  if (!read.flag) return unknown_flag(command, name);
  if (equals != std::string_view::npos) read.value = word.substr(equals + 1);
  return read;
}

Result<FlagWord> read_letter(const Command& command, std::string_view word) {
  FlagWord read{.written = word.substr(0, 2), .value = {}};
  auto found = std::ranges::find(command.flags, word[1], &Flag::letter);
  if (found == command.flags.end())
    return fail("weir {} has no flag {}: flags are written --name=value", command.name, word);
  read.flag = &*found;
  read.has_equals = word.size() > 2 && word[2] == '=';
  if (word.size() > 2) read.value = word.substr(read.has_equals ? 3 : 2);
  return read;
}

// Several switches may share a dash: "-wt". Those behind the first letter, as a word of their own.
std::string rest_of_switches(const FlagWord& read) {
  bool is_letters = !read.written.starts_with("--") && read.flag->value.empty() && read.value;
  return is_letters && !read.has_equals ? "-" + std::string(*read.value) : "";
}

// Reads the flag at words[at] and moves `at` to the last word it took.
Result<> read_flag(Invocation& invocation, std::span<const std::string_view> words, std::size_t& at) {
  std::string_view word = words[at];
  const Command& command = *invocation.command;
  auto read = word.starts_with("--") ? read_long(command, word) : read_letter(command, word);
  if (!read) return fail(read.error());
  const Flag& flag = *read->flag;
  std::vector<std::string>& values = invocation.given[flag.name];
  if (std::string rest = rest_of_switches(*read); !rest.empty()) {
    values.emplace_back("true");
    const std::string_view only[] = {rest};
    std::size_t first = 0;
    return read_flag(invocation, only, first);
  }
  if (flag.value.empty()) {
    auto value = switch_value(flag, read->value.value_or("true"));
    if (!value) return fail(value.error());
    values.push_back(*std::move(value));
    return {};
  }
  if (!read->value && at + 1 == words.size()) {
    bool is_letter = !read->written.starts_with("--");
    return fail("{} needs a value: {}{}{}", read->written, read->written, is_letter ? ' ' : '=', flag.value);
  }
  values.emplace_back(read->value ? *read->value : words[++at]);
  return {};
}

Result<> check_operands(const Invocation& invocation) {
  const Command& command = *invocation.command;
  std::size_t count = invocation.operands.size();
  if (count < command.min_operands) {
    return fail("weir {} needs {}: weir {} {}", command.name, command.operands, command.name,
                command.operands);
  }
  if (count > command.max_operands) {
    return fail("weir {}: \"{}\" is one argument too many", command.name,
                invocation.operands[command.max_operands]);
  }
  return {};
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    std::size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    if (column + word.size() + 1 > width && column > indent) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

constexpr std::size_t kWidth = 100;
constexpr std::size_t kHeadWidth = 22;  // of a command and its operands

std::string flag_help(const Flag& flag) {
  std::string head = flag.letter == 0 ? fmt::format("  --{}", flag.name)
                                      : fmt::format("  -{}, --{}", flag.letter, flag.name);
  if (!flag.value.empty()) head += fmt::format("={}", flag.value);
  std::string doc(flag.doc);
  if (!flag.default_text.empty()) doc += fmt::format(" Default: {}.", flag.default_text);
  return fmt::format("{}\n      {}\n", head, wrap(doc, 6, kWidth));
}

// Those with one reason together.
std::string peer_flags_help(const Command& command) {
  if (command.peer_flags.empty()) return "";
  std::string out = "\nAccepted without effect, with a warning, because Grafana Agent and Alloy have them:\n";
  std::vector<std::string_view> reasons;
  for (const PeerFlag& flag : command.peer_flags) {
    if (std::ranges::find(reasons, flag.why) == reasons.end()) reasons.push_back(flag.why);
  }
  for (std::string_view why : reasons) {
    std::string names;
    for (const PeerFlag& flag : command.peer_flags) {
      if (flag.why == why) names += fmt::format("{}--{}", names.empty() ? "" : " ", flag.name);
    }
    out += fmt::format("  {}\n      {}.\n", wrap(names, 2, kWidth), wrap(why, 6, kWidth));
  }
  return out;
}

constexpr std::string_view kExitCodes =
    "Exit codes:\n"
    "  0  all went well\n"
    "  1  the config or the command line is wrong\n"
    "  2  this machine does not allow it (the address is taken, a folder cannot be written)\n"
    "  3  told to stop, but a component did not stop in time\n";

}  // namespace

std::string_view Invocation::flag(std::string_view name) const {
  auto found = given.find(name);
  if (found != given.end()) return found->second.back();
  const Flag* flag = find_flag(*command, name);
  if (!flag) return {};
  return flag->value.empty() ? std::string_view("false") : flag->default_text;
}

std::vector<std::string> Invocation::all(std::string_view name) const {
  auto found = given.find(name);
  return found == given.end() ? std::vector<std::string>() : found->second;
}

namespace {

bool is_help(std::string_view word) {
  return word == "--help" || word == "-h";
}

// Whether the word is a flag whose value is the next word.
bool takes_next(const Command& command, std::string_view word) {
  const Flag* flag = nullptr;
  if (word.starts_with("--")) {
    auto peer = std::ranges::find(command.peer_flags, word.substr(2), &PeerFlag::name);
    if (peer != command.peer_flags.end()) return peer->has_value;
    flag = find_flag(command, word.substr(2));
  } else if (word.size() == 2) {
    auto found = std::ranges::find(command.flags, word[1], &Flag::letter);
    flag = found == command.flags.end() ? nullptr : &*found;
  }
  return flag && !flag->value.empty();
}

// Whether --help stands among the words, wherever the rest goes wrong.
bool asks_for_help(const Command& command, std::span<const std::string_view> words) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::string_view word = words[at];
    if (is_help(word)) return true;
    bool is_operand = !word.starts_with('-');
    if (word == "--" || (command.runs_operands && is_operand)) return false;
    bool has_value_behind = at + 1 < words.size() && !is_help(words[at + 1]);
    if (has_value_behind && takes_next(command, word)) ++at;
  }
  return false;
}

}  // namespace

Result<Invocation> read_command_line(const Command& command, std::span<const std::string_view> words) {
  Invocation invocation;
  invocation.command = &command;
  invocation.words.assign(words.begin(), words.end());
  invocation.wants_help = asks_for_help(command, words);
  if (invocation.wants_help) return invocation;
  bool only_operands = false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::string_view word = words[at];
    if (only_operands || word == "-" || !word.starts_with('-')) {
      invocation.operands.emplace_back(word);
      only_operands |= command.runs_operands;
    } else if (word == "--") {
      only_operands = true;
    } else {
      auto taken = read_peer_flag(invocation, words, at);
      if (!taken) return fail(taken.error());
      if (*taken) continue;
      if (auto read = read_flag(invocation, words, at); !read) return fail(read.error());
    }
  }
  auto checked = check_operands(invocation);
  if (!checked) return fail(checked.error());
  return invocation;
}

const Command* find_command(std::span<const Command> commands, std::string_view name) {
  auto found = std::ranges::find(commands, name, &Command::name);
  return found == commands.end() ? nullptr : &*found;
}

std::string unknown_command(std::span<const Command> commands, std::string_view name) {
  std::vector<std::string_view> names{"help"};
  for (const Command& command : commands) names.push_back(command.name);
  return fmt::format("weir has no command \"{}\"{}", name, suggestion(name, names, ""));
}

std::string command_help(const Command& command) {
  std::string out = fmt::format("weir {}: {}\n\n", command.name, command.summary);
  out += fmt::format("Usage:\n  weir {}{}{}{}\n\n", command.name, command.flags.empty() ? "" : " [FLAGS]",
                     command.operands.empty() ? "" : " ", command.operands);
  out += wrap(command.description, 0, kWidth) + '\n';
  if (!command.flags.empty()) out += "\nFlags:\n";
  for (const Flag& flag : command.flags) out += flag_help(flag);
  return out + peer_flags_help(command);
}

std::string program_help(std::span<const Command> commands) {
  std::string out =
      "weir profiles this machine with eBPF: all the time, as a .river or .alloy file says, or now and "
      "here.\n\n"
      "Usage:\n  weir COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n";
  for (const Command& command : commands) {
    std::string head = fmt::format("{} {}", command.name, command.operands);
    out += fmt::format("  {:<{}} {}\n", head, kHeadWidth, command.summary);
  }
  out += fmt::format("  {:<{}} {}\n\n", "help [COMMAND]", kHeadWidth, "say more about a command");
  out += kExitCodes;
  return out;
}

}  // namespace weir::cli
