// Screen: the terminal while weir top has it: keys one by one, a screen of its own. Gives it back as it was,
// whatever ends or stops the program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <termios.h>

#include "cli/top_screen.h"

namespace weir::cli {

class Screen {
 public:
  // Nothing where there is no terminal. Only one at a time.
  static std::optional<Screen> open();
  explicit Screen(const termios& before);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Gives the terminal back for a while, and takes it again.
  void leave();
  void enter();

  static ScreenSize size();
  // Nobody looks any more, though no signal may have said so.
  static bool is_gone();
  // What was pressed since the last call; does not wait.
  static std::string read();
  static void show(const std::vector<std::string>& lines);

 private:
  termios raw_;
};

}  // namespace weir::cli
