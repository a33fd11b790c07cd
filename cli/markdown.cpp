#include "cli/markdown.h"

#include <fmt/format.h>

#include "base/ascii.h"

namespace weir::cli::markdown {

std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", cell(text));
}

std::string anchor(std::string_view heading) {
  std::string out;
  for (char c : to_lower(heading)) {
    bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (is_kept) out += c;
    if (c == ' ') out += '-';
  }
  return out;
}

void trim_end(std::string& page) {
  while (page.ends_with("\n\n")) page.pop_back();
}

}  // namespace weir::cli::markdown
