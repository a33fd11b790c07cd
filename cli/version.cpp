#include <cstdio>

#include <fmt/core.h>

#include "cli/commands.h"

namespace weir::cli {

std::string_view version() {
  return WEIR_VERSION;
}

constinit const Command kVersionCommand{
    .name = "version",
    .operands = "",
    .summary = "print the version",
    .description = "Prints the version of this program and the compiler that built it.",
    .flags = {},
    .min_operands = 0,
    .max_operands = 0,
    .run =
        [](const Invocation&) {
          fmt::print("weir {} (clang {})\n", version(), __clang_version__);
          return kOk;
        },
};

}  // namespace weir::cli
