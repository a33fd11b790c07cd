#include "cli/launched.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "cli/descendants.h"
#include "cli/signals.h"

namespace weir::cli {
namespace {

struct Failure {
  int error = 0;
  bool of_trace = false;  // else of exec
};

// In the child, where nothing may be done that another thread could have been in the middle of.
[[noreturn]] void become(char* const* words, int told) {
  Signals::reset();
  Failure failure;
  // A traced process stops at the end of a successful exec.
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
    failure = {.error = errno, .of_trace = true};
  } else {
    ::execvp(words[0], words);
    failure = {.error = errno, .of_trace = false};
  }
  (void)!::write(told, &failure, sizeof failure);
  ::_exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  pid_t waited = 0;
  do waited = ::waitpid(pid, &status, 0);
  while (waited < 0 && errno == EINTR);
  return waited == pid ? status : -1;
}

}  // namespace

Result<Launched> Launched::start(std::span<const std::string> command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  words.push_back(nullptr);
  // Where it is ignored nobody hears how a child ends, and its number is soon somebody else's.
  std::signal(SIGCHLD, SIG_DFL);
  // A shell that became this program may have left it children that are none of ours to end.
  bool is_alone = family(::getpid()).empty();
  if (is_alone) adopt_orphans();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make a pipe");
  Fd heard(ends[0]);
  Fd told(ends[1]);
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "start {}", command.front());
  if (pid == 0) become(words.data(), told.get());
  told.reset();
  Launched launched(pid, is_alone ? ::getpid() : pid);
  // Stopped at exec, or ended without.
  int status = wait_for(pid);
  if (WIFSTOPPED(status)) return launched;
  launched.status_ = status;
  Failure failure;
  bool is_told = ::read(heard.get(), &failure, sizeof failure) == static_cast<ssize_t>(sizeof failure);
  if (!is_told) return fail("start {}: it {}", command.front(), launched.status_text());
  if (failure.of_trace) return fail_errno(failure.error, "hold {} at its start", command.front());
  return fail_errno(failure.error, "start {}", command.front());
}

Launched::Launched(Launched&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      root_(other.root_),
      stopped_(other.stopped_),
      status_(other.status_) {}

Launched::~Launched() {
  end();
}

Result<> Launched::go() {
  stopped_ = false;
  if (::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr) != 0) return fail_errno(errno, "let the command run");
  return {};
}

// Of what the command started and left behind, too.
void Launched::reap() {
  int status = 0;
  for (;;) {
    pid_t waited = ::waitpid(-1, &status, WNOHANG);
    if (waited <= 0 && !(waited < 0 && errno == EINTR)) return;
    if (waited == pid_ && (WIFEXITED(status) || WIFSIGNALED(status))) status_ = status;
  }
}

bool Launched::has_ended() {
  if (pid_ >= 0 && !status_) reap();
  return status_ || pid_ < 0;
}

void Launched::end() {
  constexpr auto kPatience = std::chrono::seconds(3);
  constexpr auto kBetweenLooks = std::chrono::milliseconds(5);
  if (has_ended()) return;
  auto are_gone = [this] {
    reap();
    // The number of a command that was reaped may be somebody else's.
    return status_ && (root_ == pid_ || family(root_).empty());
  };
  auto start = std::chrono::steady_clock::now();
  signal_family(root_, stopped_ ? SIGKILL : SIGTERM);
  while (!are_gone()) {
    // One that is being started meanwhile is met the next time.
    auto waited = std::chrono::steady_clock::now() - start;
    if (waited > kPatience) signal_family(root_, SIGKILL);
    if (waited > 2 * kPatience) return;  // what the kernel holds cannot be ended
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

std::string Launched::status_text() const {
  if (!status_) return "runs";
  if (WIFSIGNALED(*status_)) return fmt::format("was ended by signal {}", WTERMSIG(*status_));
  return fmt::format("ended with code {}", WEXITSTATUS(*status_));
}

}  // namespace weir::cli
