// Unprivileged: as long as one lives, this thread opens files as a plain user:
// what has no rights can then not be read, by root's tests either.
#pragma once

#include <sys/fsuid.h>
#include <unistd.h>

namespace weir::testing {

class Unprivileged {
 public:
  Unprivileged() { ::setfsuid(kUser); }
  ~Unprivileged() { ::setfsuid(::geteuid()); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  static constexpr uid_t kUser = 12345;
};

}  // namespace weir::testing
