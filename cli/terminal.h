// What the subcommands need from the terminal and the environment.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "lang/diagnostic.h"

namespace weir::cli {

// Colours only on a terminal, and never where NO_COLOR is set.
lang::Color color_of_stderr();
lang::Color color_of_stdout();

// At most so many columns of the text, made printable (lang/text.h); what was cut ends, or begins, with "…".
std::string cut(std::string_view text, std::size_t columns);
std::string cut_front(std::string_view text, std::size_t columns);

// Writes all of it at once, to its end; false when that cannot be. Unlike fmt::print, it never throws.
bool put(std::FILE* to, std::string_view text);
// To standard error: where nobody listens any more, the words are lost and nothing else.
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  (void)put(stderr, fmt::format(format, std::forward<Args>(args)...));
}

// "" when it is not set.
std::string environment_variable(std::string_view name);

}  // namespace weir::cli
