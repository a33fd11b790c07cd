// Signals: SIGINT, SIGTERM, SIGHUP, and others by choice, as values that the
// main thread waits for.
#pragma once

#include <initializer_list>

#include "base/fd.h"
#include "base/result.h"

namespace weir::cli {

class Signals {
 public:
  // Blocks the three and `more` for this thread and every thread made after it, and
  // ignores SIGPIPE: call it before there is any other thread. What is ignored stays
  // so, but for the first two: nohup ignores SIGHUP, a shell that knows no jobs SIGTSTP.
  static Result<Signals> open(std::initializer_list<int> more = {});

  // Waits for the next one; its number.
  int wait() const;
  bool is_pending() const;
  // Readable when there is one.
  int fd() const { return fd_.get(); }

  // For a child that becomes another program: signals as they are at the start of one. Async-signal-safe.
  static void reset();

 private:
  explicit Signals(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace weir::cli
