#include "cli/screen.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include <fmt/core.h>

namespace weir::cli {
namespace {

// The other screen, without the cursor; long lines end at the edge.
constexpr std::string_view kTake = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kGiveBack = "\x1b[?7h\x1b[?25h\x1b[?1049l";

// How the terminal was. The handler of a signal can see nothing else.
struct Before {
  termios settings{};
  volatile sig_atomic_t is_changed = 0;
};
constinit Before before;

// Async-signal-safe.
void give_back() {
  if (before.is_changed == 0) return;
  before.is_changed = 0;
  (void)!::write(STDOUT_FILENO, kGiveBack.data(), kGiveBack.size());
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before.settings);
}

void die(int number) {
  give_back();
  ::raise(number);  // its handler is the usual one again
}

// A program that breaks leaves a terminal in which one can read why.
void give_back_when_broken() {
  struct sigaction action{};
  action.sa_handler = die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
    ::sigaction(number, &action, nullptr);
}

}  // namespace

std::optional<Screen> Screen::open() {
  termios settings{};
  bool is_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (!is_terminal || ::tcgetattr(STDIN_FILENO, &settings) != 0) return std::nullopt;
  return std::optional<Screen>(std::in_place, settings);
}

Screen::Screen(const termios& settings) : raw_(settings) {
  raw_.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw_.c_cc[VMIN] = 0;
  raw_.c_cc[VTIME] = 0;
  before.settings = settings;
  give_back_when_broken();
  enter();
}

Screen::~Screen() {
  leave();
}

void Screen::leave() {
  std::fflush(stdout);
  give_back();
}

void Screen::enter() {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw_);
  bool was_ours = before.is_changed == 1;
  before.is_changed = 1;
  if (was_ours) return;  // somebody stopped us unasked, and a shell came between
  fmt::print("{}", kTake);
  std::fflush(stdout);
}

ScreenSize Screen::size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return {.columns = size.ws_col, .lines = size.ws_row};
}

bool Screen::is_gone() {
  pollfd polled{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) > 0 && (polled.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

std::string Screen::read() {
  char bytes[256];
  ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : std::string();
}

void Screen::show(const std::vector<std::string>& lines) {
  std::string out = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
  fmt::print("{}\x1b[J", out);
  std::fflush(stdout);
}

}  // namespace weir::cli
