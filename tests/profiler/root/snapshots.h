// Snapshots: the registers of a process's threads at places where they happen to be, each with a copy of its
// stack. Threads are stopped for it: a perf event copies stacks too, but from the stack pointer on, and rules
// of call frame information reach below it (OpenSSL's SHA-512 keeps its caller's there).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "tests/unwind/replay.h"

namespace weir::profiler::test {

struct Snapshot {
  Registers registers;
  std::uint64_t start = 0;           // of what is known of the stack: its red zone
  std::vector<std::uint64_t> words;  // from there on

  std::uint64_t limit() const { return start + words.size() * sizeof(std::uint64_t); }
};

// Of all threads of a child of ours, which goes on running until hold().
class Snapshots {
 public:
  static Result<Snapshots> open(std::uint32_t pid);
  Snapshots(Snapshots&&) = default;  // what is left behind has no threads
  ~Snapshots();

  // Each thread that runs, in turn.
  std::vector<Snapshot> take(std::size_t wanted);
  // All threads stand still until this ends.
  void hold();

 private:
  Snapshots() = default;
  void follow_new_threads();
  void drop(pid_t thread);
  bool is_running(pid_t thread) const;
  bool forward_signals();
  bool stop(pid_t thread);
  std::optional<Snapshot> take_of(pid_t thread);

  std::uint32_t pid_ = 0;
  std::vector<pid_t> threads_;
  Fd memory_;
  bool held_ = false;
};

}  // namespace weir::profiler::test
