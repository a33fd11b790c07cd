#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

#include "base/utf8.h"

namespace weir::cli {

namespace {

lang::Color color_of(int fd) {
  bool refused = !environment_variable("NO_COLOR").empty();
  return !refused && ::isatty(fd) == 1 ? lang::Color::on : lang::Color::off;
}

bool is_control(char32_t code) {
  bool turns_direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || turns_direction;
}

// Two columns in a terminal: East Asian scripts and pictures.
bool is_wide(char32_t code) {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
         (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
         (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
         (code >= 0x1f300 && code <= 0x1f9ff) || (code >= 0x20000 && code <= 0x3fffd);
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

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    append_utf8(out, is_control(rune.code) ? kReplacement : rune.code);
    at += rune.size;
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    width += is_wide(rune.code) ? 2 : 1;
    at += rune.size;
  }
  return width;
}

std::string cut(std::string_view text, std::size_t columns) {
  std::string whole = printable(text);
  if (width_of(whole) <= columns) return whole;
  if (columns == 0) return "";
  std::size_t at = 0;
  for (std::size_t width = 1; at < whole.size();) {
    Rune rune = decode_rune(whole, at);
    width += is_wide(rune.code) ? 2 : 1;
    if (width > columns) break;
    at += rune.size;
  }
  return whole.substr(0, at) + "…";
}

std::string cut_front(std::string_view text, std::size_t columns) {
  std::string whole = printable(text);
  std::size_t width = width_of(whole);
  if (width <= columns) return whole;
  if (columns == 0) return "";
  std::size_t at = 0;
  while (at < whole.size() && width + 1 > columns) {
    Rune rune = decode_rune(whole, at);
    width -= is_wide(rune.code) ? 2 : 1;
    at += rune.size;
  }
  return "…" + whole.substr(at);
}

std::string environment_variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? value : "";
}

}  // namespace weir::cli
