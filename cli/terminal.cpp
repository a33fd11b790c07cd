#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

#include "base/utf8.h"
#include "lang/text.h"

namespace weir::cli {

namespace {

lang::Color color_of(int fd) {
  bool refused = !environment_variable("NO_COLOR").empty();
  return !refused && ::isatty(fd) == 1 ? lang::Color::on : lang::Color::off;
}

}  // namespace

lang::Color color_of_stderr() {
  return color_of(STDERR_FILENO);
}

lang::Color color_of_stdout() {
  return color_of(STDOUT_FILENO);
}

bool put(std::FILE* to, std::string_view text) {
  bool is_written = std::fwrite(text.data(), 1, text.size(), to) == text.size();
  return std::fflush(to) == 0 && is_written;
}

std::string cut(std::string_view text, std::size_t columns) {
  std::string whole = lang::printable(text);
  if (columns_of(whole) <= columns) return whole;
  if (columns == 0) return "";
  std::size_t at = 0;
  for (std::size_t width = 1; at < whole.size();) {
    Rune rune = decode_rune(whole, at);
    width += columns_of(rune.code);
    if (width > columns) break;
    at += rune.size;
  }
  return whole.substr(0, at) + "…";
}

std::string cut_front(std::string_view text, std::size_t columns) {
  std::string whole = lang::printable(text);
  std::size_t width = columns_of(whole);
  if (width <= columns) return whole;
  if (columns == 0) return "";
  std::size_t at = 0;
  while (at < whole.size() && width + 1 > columns) {
    Rune rune = decode_rune(whole, at);
    width -= columns_of(rune.code);
    at += rune.size;
  }
  return "…" + whole.substr(at);
}

std::string environment_variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? value : "";
}

}  // namespace weir::cli
