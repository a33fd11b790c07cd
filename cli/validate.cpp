#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "components/builtin.h"
#include "lang/diagnostic.h"
#include "runtime/controller.h"

namespace weir::cli {
namespace {

ExitCode validate(const Invocation& invocation) {
  runtime::Registry registry;
  register_components(registry);
  const std::string& path = invocation.operands.front();
  lang::Diagnostics found = runtime::validate(path, registry, environment_variable);
  if (!found.empty()) fmt::print(stderr, "{}", lang::render(found, color_of_stderr()));
  if (lang::has_errors(found)) return kRefused;
  fmt::print("{}: valid\n", path);
  return kOk;
}

}  // namespace

constinit const Command kValidateCommand{
    .name = "validate",
    .operands = "PATH",
    .summary = "check a config and say everything that is wrong with it",
    .description =
        "Finds every error that would make 'weir run PATH' refuse the config, without running "
        "anything: no socket, file or cluster that the config names is touched.",
    .flags = {},
    .min_operands = 1,
    .max_operands = 1,
    .run = validate,
};

}  // namespace weir::cli
