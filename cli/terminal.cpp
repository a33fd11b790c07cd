#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

namespace weir::cli {

lang::Color color_of_stderr() {
  bool refused = !environment_variable("NO_COLOR").empty();
  return !refused && ::isatty(STDERR_FILENO) == 1 ? lang::Color::on : lang::Color::off;
}

std::string environment_variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? value : "";
}

}  // namespace weir::cli
