// What the subcommands need from the terminal and the environment.
#pragma once

#include <string>
#include <string_view>

#include "lang/diagnostic.h"

namespace weir::cli {

// Colours only on a terminal, and never where NO_COLOR is set.
lang::Color color_of_stderr();

// "" when it is not set.
std::string environment_variable(std::string_view name);

}  // namespace weir::cli
