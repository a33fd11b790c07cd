#include "cli/descendants.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/fd.h"
#include "profiler/process/proc_files.h"

namespace weir::cli {
namespace {

struct Life {
  char state = 0;
  pid_t parent = 0;
};

// "7 (a name) with anything) S 1 …"
std::optional<Life> life_of(pid_t pid) {
  auto stat = profiler::read_proc(static_cast<std::uint32_t>(pid), "stat");
  std::size_t end = stat ? stat->rfind(") ") : std::string::npos;
  if (end == std::string::npos || end + 4 >= stat->size()) return std::nullopt;
  Life life{.state = (*stat)[end + 2]};
  std::from_chars(stat->data() + end + 4, stat->data() + stat->size(), life.parent);
  return life;
}

std::map<pid_t, Life> all_processes() {
  std::map<pid_t, Life> all;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    std::string name = entry.path().filename();
    pid_t pid = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (auto life = life_of(pid)) all.emplace(pid, *life);
  }
  return all;
}

bool comes_of(pid_t root, const std::map<pid_t, Life>& all, pid_t pid) {
  constexpr int kDeepest = 10'000;  // parents may change while they are read
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (pid == root) return true;
    auto found = all.find(pid);
    if (found == all.end()) return false;
    pid = found->second.parent;
  }
  return false;
}

}  // namespace

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

std::vector<pid_t> family(pid_t root) {
  std::map<pid_t, Life> all = all_processes();
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
