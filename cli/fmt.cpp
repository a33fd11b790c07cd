// weir fmt: configs in standard form, on standard output or in their place.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/file_system.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "lang/diagnostic.h"
#include "lang/printer.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr Flag kFlags[] = {
    {.name = "write",
     .value = "",
     .default_text = "",
     .doc = "Replace each file that is not in standard form by one that is.",
     .letter = 'w'},
    {.name = "test",
     .value = "",
     .default_text = "",
     .doc =
         "Write nothing: name the files that are not in standard form, and end with 1 if there are any. Not "
         "together with --write.",
     .letter = 't'},
};

enum class Mode { print, write, test };

constexpr std::string_view kStandardInput = "-";

Result<std::string> read_standard_input() {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read standard input");
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kDefaultReadLimit) {
      return fail("read standard input: larger than {} bytes", kDefaultReadLimit);
    }
  }
}

// Every config in the folder and below it, in order of their names.
Result<std::vector<std::string>> configs_in(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code failed;
  fs::recursive_directory_iterator it(folder, failed);
  for (; !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
    fs::path extension = it->path().extension();
    bool is_config = extension == ".river" || extension == ".alloy";
    std::error_code ignored;
    if (is_config && it->is_regular_file(ignored)) found.push_back(it->path().string());
  }
  if (failed) return fail_errno(failed.value(), "list {}", folder.string());
  std::ranges::sort(found);
  return found;
}

Result<std::vector<std::string>> all_files(const Invocation& invocation, Mode mode) {
  if (invocation.operands.empty()) return std::vector{std::string(kStandardInput)};
  std::vector<std::string> files;
  for (const std::string& operand : invocation.operands) {
    std::error_code ignored;
    if (operand == kStandardInput || !fs::is_directory(operand, ignored)) {
      files.push_back(operand);
      continue;
    }
    if (mode == Mode::print) return fail("{} is a folder: say --write or --test", operand);
    auto inside = configs_in(operand);
    if (!inside) return fail(inside.error());
    files.insert(files.end(), inside->begin(), inside->end());
  }
  if (mode == Mode::print && files.size() > 1) return fail("of several files: say --write or --test");
  return files;
}

// A link is followed: who names it means the file.
Result<> replace(const fs::path& path, std::string_view text) {
  std::error_code failed;
  fs::path real = fs::canonical(path, failed);
  if (failed) return fail_errno(failed.value(), "find {}", path.string());
  return write_file_atomically(real, text);
}

ExitCode say(const Error& error, ExitCode code) {
  fmt::print(stderr, "Error: {}\n", error.message);
  return code;
}

ExitCode format_one(const std::string& path, Mode mode) {
  bool is_file = path != kStandardInput;
  auto text = is_file ? read_file(path) : read_standard_input();
  if (!text) return say(text.error(), kRefused);
  auto source = lang::Source::make(is_file ? path : "<stdin>", *std::move(text));
  auto standard = lang::print_standard(source);
  if (!standard) {
    fmt::print(stderr, "{}", lang::render(standard.error(), color_of_stderr()));
    return kRefused;
  }
  if (mode == Mode::print) {
    bool whole = std::fwrite(standard->data(), 1, standard->size(), stdout) == standard->size();
    return whole && std::fflush(stdout) == 0 ? kOk : kNoWorld;
  }
  if (*standard == source->text()) return kOk;
  if (mode == Mode::test) {
    fmt::print("{}: not in standard form\n", source->name());
    return kRefused;
  }
  auto written = replace(path, *standard);
  return written ? kOk : say(written.error(), kNoWorld);
}

ExitCode format(const Invocation& invocation) {
  bool is_write = invocation.is_on("write"), is_test = invocation.is_on("test");
  if (is_write && is_test) return say({"--write and --test exclude each other"}, kRefused);
  Mode mode = is_write ? Mode::write : is_test ? Mode::test : Mode::print;
  auto files = all_files(invocation, mode);
  if (!files) return say(files.error(), kRefused);
  if (is_write && std::ranges::find(*files, kStandardInput) != files->end()) {
    return say({"standard input cannot be written to: leave --write out"}, kRefused);
  }
  ExitCode worst = kOk;
  for (const std::string& file : *files) worst = std::max(worst, format_one(file, mode));
  return worst;
}

}  // namespace

constinit const Command kFmtCommand{
    .name = "fmt",
    .operands = "[PATH...]",
    .summary = "write a config in standard form",
    .description =
        "Prints the config in standard form: indentation, blanks, aligned values and comments, nothing that "
        "changes what it means. Without PATH, or for -, it reads standard input. Of a folder it takes every "
        ".river and .alloy file, in the folders below too. Nothing is evaluated.",
    .flags = kFlags,
    .min_operands = 0,
    .max_operands = 10'000,
    .run = format,
};

}  // namespace weir::cli
