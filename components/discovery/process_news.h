// What changed among the processes of the machine, as it happens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "base/result.h"

namespace weir::discovery {

struct ProcessNews {
  std::set<std::uint32_t> programs;  // processes that run another program (exec)
  bool began = false;                // a process was forked
  bool ended = false;
  bool lost = false;  // more happened than the kernel could say

  bool any() const { return !programs.empty() || began || ended || lost; }
  // Adds what `later` says.
  void add(ProcessNews later);
};

// Where news come from; a component's own, on its strand.
class ProcessNewsSource {
 public:
  virtual ~ProcessNewsSource() = default;
  virtual int readable_fd()
      const = 0;  // becomes readable when news come; what lies there already may not count
  virtual ProcessNews take() = 0;
  // Also of CPUs that came online since.
  virtual Result<> follow_cpus() = 0;
};

using OpenProcessNews = std::function<Result<std::unique_ptr<ProcessNewsSource>>()>;

// The kernel's own report, by one perf event per CPU. Fails without the capability for it.
Result<std::unique_ptr<ProcessNewsSource>> open_process_news();

}  // namespace weir::discovery
