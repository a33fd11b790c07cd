#include "cli/signals.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <csignal>

namespace weir::cli {
namespace {

bool is_ignored(int number) {
  struct sigaction now{};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

Result<Signals> Signals::open(std::initializer_list<int> more) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM}) sigaddset(&set, number);
  auto add = [&](int number) {
    if (!is_ignored(number)) sigaddset(&set, number);
  };
  add(SIGHUP);
  for (int number : more) add(number);
  int refused = ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (refused != 0) return fail_errno(refused, "block signals");
  Fd fd(::signalfd(-1, &set, SFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "make a signal descriptor");
  return Signals(std::move(fd));
}

int Signals::wait() const {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
  }
  return static_cast<int>(info.ssi_signo);
}

bool Signals::is_pending() const {
  pollfd polled{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) > 0;
}

void Signals::reset() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace weir::cli
