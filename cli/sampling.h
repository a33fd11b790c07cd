// Sampling: a session of a subcommand, kept drained while the command waits for
// something else.
#pragma once

#include <initializer_list>
#include <memory>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "cli/flags.h"
#include "profiler/session.h"

namespace weir::cli {

class Sampling {
 public:
  static Result<std::unique_ptr<Sampling>> open(profiler::SessionOptions options, Logger log);
  ~Sampling();
  Sampling(const Sampling&) = delete;
  Sampling& operator=(const Sampling&) = delete;

  profiler::Session& session() { return *session_; }
  // Drains until one of the descriptors can be read (true) or the time has come (false).
  bool wait(std::initializer_list<int> descriptors, MonoTime until);
  // Ends the window.
  std::vector<profile::ProfilePtr> collect();

 private:
  Sampling(std::unique_ptr<profiler::Session> session, Fd urgent);
  void drain();

  std::unique_ptr<profiler::Session> session_;
  Fd urgent_;  // an eventfd that the session's thread writes to
  MonoTime next_drain_;
};

// Says why sampling is not possible, and what a person can do: the very command line to run, as root.
ExitCode no_sampling(const Error& error, const Invocation& invocation);

}  // namespace weir::cli
