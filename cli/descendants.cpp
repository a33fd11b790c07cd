#include "cli/descendants.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/fd.h"
#include "profiler/process/proc_files.h"

namespace weir::cli {
namespace {

using Processes = std::map<pid_t, profiler::ProcessLife>;

Processes all_processes() {
  Processes all;
  profiler::each_process([&](std::uint32_t pid) {
    if (auto life = profiler::life_of(pid)) all.emplace(static_cast<pid_t>(pid), *life);
  });
  return all;
}

bool comes_of(pid_t root, const Processes& all, pid_t pid) {
  constexpr int kDeepest = 10'000;  // parents may change while they are read
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (pid == root) return true;
    auto found = all.find(pid);
    if (found == all.end()) return false;
    pid = static_cast<pid_t>(found->second.parent);
  }
  return false;
}

}  // namespace

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

std::vector<pid_t> family(pid_t root) {
  Processes all = all_processes();
  std::vector<pid_t> family;
  for (const auto& [pid, life] : all) {
    if (life.state != 'Z' && pid != ::getpid() && comes_of(root, all, pid)) family.push_back(pid);
  }
  return family;
}

void signal_family(pid_t root, int signal) {
  std::vector<std::pair<pid_t, Fd>> held;
  for (pid_t pid : family(root))
    held.emplace_back(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  // Whoever is still one of the family is the one that is held.
  std::vector<pid_t> still = family(root);
  for (const auto& [pid, fd] : held) {
    if (!std::ranges::binary_search(still, pid)) continue;
    if (fd) ::syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0);
  }
}

}  // namespace weir::cli
