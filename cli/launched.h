// Launched: a command that was started stopped, so that it can be sampled from
// its first instruction on.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace weir::cli {

class Launched {
 public:
  // Finds the program as a shell would. It is the calling thread that must make all other calls.
  static Result<Launched> start(std::span<const std::string> command);
  // Ends it when it still runs.
  ~Launched();
  Launched(Launched&& other) noexcept;
  Launched& operator=(Launched&&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  // Lets it run.
  Result<> go();
  // Whether it has ended; status_text() then says how. Does not wait.
  bool has_ended();
  // Asks it and all processes it has started to end, and makes them where they do not within seconds. Whether
  // they are still in its process group does not matter, so the terminal's keys reach it and us as they reach
  // any command. Nothing, when it has ended by itself: what it left behind it meant to.
  void end();
  // "ended with code 3", "was ended by signal 9".
  std::string status_text() const;
  bool went_well() const { return status_ == 0; }

 private:
  Launched(pid_t pid, pid_t root) : pid_(pid), root_(root) {}
  void reap();

  pid_t pid_ = -1;
  // All that has come of it ends with the command: this process, which adopts what lost its parent, or else,
  // where it already had children, the command alone.
  pid_t root_ = -1;
  bool stopped_ = true;
  std::optional<int> status_;  // as waitpid() gives it
};

}  // namespace weir::cli
