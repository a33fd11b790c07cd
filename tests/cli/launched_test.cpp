#include "cli/launched.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "cli/descendants.h"
#include "profiler/process/proc_files.h"

namespace weir::cli {
namespace {

bool ends(Launched& launched) {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!launched.has_ended() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return launched.has_ended();
}

TEST_CASE("a command is already itself, and has not begun, when it is handed over") {
  const std::vector<std::string> command{"sh", "-c", "exit 3"};
  auto launched = Launched::start(command);
  REQUIRE(launched.has_value());
  CHECK(profiler::comm_of(launched->pid()) == "sh");
  CHECK_FALSE(launched->has_ended());
  REQUIRE(launched->go().has_value());
  REQUIRE(ends(*launched));
  CHECK(launched->status_text() == "ended with code 3");
  CHECK_FALSE(launched->went_well());
}

TEST_CASE("what cannot be started says why") {
  const std::vector<std::string> command{"no-such-program"};
  auto launched = Launched::start(command);
  REQUIRE_FALSE(launched.has_value());
  CHECK(launched.error().message == "start no-such-program: no such file or directory");
}

TEST_CASE("a command ends with the one who holds it, running or not") {
  for (bool running : {false, true}) {
    const std::vector<std::string> command{"sleep", "600"};
    std::uint32_t pid = 0;
    {
      auto launched = Launched::start(command);
      REQUIRE(launched.has_value());
      pid = launched->pid();
      if (running) REQUIRE(launched->go().has_value());
    }
    CHECK_FALSE(std::filesystem::exists("/proc/" + std::to_string(pid)));
  }
}

TEST_CASE("a command ends with all it has started, in its process group or not") {
  const std::vector<std::string> command{"sh", "-c", "sleep 600 & setsid sleep 600 & wait"};
  auto launched = Launched::start(command);
  REQUIRE(launched.has_value());
  REQUIRE(launched->go().has_value());
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (family(::getpid()).size() < 3 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(family(::getpid()).size() == 3);
  launched->end();
  CHECK(family(::getpid()).empty());
  CHECK(launched->status_text() == "was ended by signal 15");
}

TEST_CASE("what this process had started before does not end with a command") {
  pid_t stranger = ::fork();
  if (stranger == 0) {
    ::pause();
    ::_exit(0);
  }
  REQUIRE(stranger > 0);
  const std::vector<std::string> command{"sh", "-c", "sleep 600 & wait"};
  auto launched = Launched::start(command);
  REQUIRE(launched.has_value());
  REQUIRE(launched->go().has_value());
  auto pid = static_cast<pid_t>(launched->pid());
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (family(pid).size() < 2 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(family(pid).size() == 2);
  launched->end();
  CHECK(launched->status_text() == "was ended by signal 15");
  CHECK(::waitpid(stranger, nullptr, WNOHANG) == 0);
  ::kill(stranger, SIGKILL);
  ::waitpid(stranger, nullptr, 0);
}

TEST_CASE("who does not want to hear of children hears of a command all the same") {
  std::signal(SIGCHLD, SIG_IGN);
  const std::vector<std::string> command{"sh", "-c", "exit 3"};
  auto launched = Launched::start(command);
  REQUIRE(launched.has_value());
  REQUIRE(launched->go().has_value());
  REQUIRE(ends(*launched));
  CHECK(launched->status_text() == "ended with code 3");
}

}  // namespace
}  // namespace weir::cli
