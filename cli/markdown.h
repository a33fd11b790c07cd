// Small pieces of the reference pages.
#pragma once

#include <string>
#include <string_view>

namespace weir::cli::markdown {

inline constexpr std::string_view kGenerated =
    "<!-- Made by `weir docs` from the program's own tables. Edit those, not this page. -->\n\n";

// A cell of a table: a pipe or a newline would end it.
std::string cell(std::string_view text);
std::string code(std::string_view text);  // the same as code; "" stays so
// Of a heading, as a link names it.
std::string anchor(std::string_view heading);
void trim_end(std::string& page);

}  // namespace weir::cli::markdown
