// Signals: SIGINT, SIGTERM and SIGHUP as values that the main thread waits for.
#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace weir::cli {

class Signals {
 public:
  // Blocks the three for this thread and every thread made after it, and
  // ignores SIGPIPE: call it before there is any other thread.
  static Result<Signals> open();

  // Waits for the next one; its number.
  int wait() const;

 private:
  explicit Signals(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace weir::cli
