#include "tests/profiler/root/snapshots.h"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "base/file_system.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRedZone = 128;
constexpr std::size_t kStackWords = (256u << 10) / sizeof(std::uint64_t);

// By DWARF's numbers.
Registers registers_of(const user_regs_struct& r) {
  return {.ip = r.rip,
          .sp = r.rsp,
          .fp = r.rbp,
          .all = {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11, r.r12,
                  r.r13, r.r14, r.r15}};
}

bool is_event(int status) {
  return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP;
}

// The process takes a signal only when its tracer has passed it on.
void pass_on(pid_t thread, int status) {
  ptrace(PTRACE_CONT, thread, 0, is_event(status) ? 0 : WSTOPSIG(status));
}

}  // namespace

Result<Snapshots> Snapshots::open(std::uint32_t pid) {
  Snapshots snapshots;
  snapshots.pid_ = pid;
  snapshots.memory_.reset(::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!snapshots.memory_) return fail_errno(errno, "open the memory of process {}", pid);
  snapshots.follow_new_threads();
  if (snapshots.threads_.empty()) return fail("no thread of process {} can be traced", pid);
  return snapshots;
}

// One that has just ended is left out.
void Snapshots::follow_new_threads() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_), error)) {
    auto thread = static_cast<pid_t>(std::stol(entry.path().filename()));
    if (std::ranges::find(threads_, thread) != threads_.end()) continue;
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) == 0) threads_.push_back(thread);
  }
}

// Its process ends when all traced threads have been waited for.
void Snapshots::drop(pid_t thread) {
  waitpid(thread, nullptr, static_cast<std::uint32_t>(thread) == pid_ ? __WALL | WNOHANG : __WALL);
  std::erase(threads_, thread);
}

Snapshots::~Snapshots() {
  hold();
  for (pid_t thread : threads_) ptrace(PTRACE_DETACH, thread, 0, 0);
}

bool Snapshots::is_running(pid_t thread) const {
  auto stat = read_file(fmt::format("/proc/{}/task/{}/stat", pid_, thread));
  return stat && stat->find(") R") != std::string::npos;
}

// Whether there was any.
bool Snapshots::forward_signals() {
  bool any = false;
  for (pid_t thread : std::vector(threads_)) {
    int status = 0;
    if (waitpid(thread, &status, WNOHANG | __WALL) != thread) continue;
    if (WIFSTOPPED(status)) {
      pass_on(thread, status);
      any = true;
    } else {
      std::erase(threads_, thread);
    }
  }
  return any;
}

// False when it got a signal instead, or has ended.
bool Snapshots::stop(pid_t thread) {
  bool alone = true;
  if (ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0) {
    drop(thread);
    return false;
  }
  for (int status = 0; waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status); alone = false) {
    if (is_event(status)) return alone;
    pass_on(thread, status);
  }
  std::erase(threads_, thread);
  return false;
}

std::optional<Snapshot> Snapshots::take_of(pid_t thread) {
  std::optional<Snapshot> snapshot;
  user_regs_struct registers{};
  // Right after a signal it is always at the same place.
  if (stop(thread) && ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0) {
    snapshot.emplace();
    snapshot->registers = registers_of(registers);
    snapshot->start = registers.rsp - kRedZone;
    // Up to where the stack ends.
    std::vector<std::uint64_t> words(kStackWords);
    ssize_t size = pread(memory_.get(), words.data(), kStackWords * sizeof(std::uint64_t),
                         static_cast<off_t>(snapshot->start));
    words.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)) / sizeof(std::uint64_t));
    snapshot->words = std::vector(words);
  }
  ptrace(PTRACE_CONT, thread, 0, 0);
  return snapshot;
}

std::vector<Snapshot> Snapshots::take(std::size_t wanted) {
  std::vector<Snapshot> taken;
  auto end = std::chrono::steady_clock::now() + 60s;
  while (taken.size() < wanted && std::chrono::steady_clock::now() < end) {
    do {
      std::this_thread::sleep_for(200us);
    } while (forward_signals());
    follow_new_threads();
    for (pid_t thread : std::vector(threads_)) {
      if (!is_running(thread)) continue;
      if (auto snapshot = take_of(thread)) taken.push_back(std::move(*snapshot));
    }
  }
  return taken;
}

void Snapshots::hold() {
  if (std::exchange(held_, true)) return;
  follow_new_threads();
  for (pid_t thread : std::vector(threads_)) stop(thread);
}

}  // namespace weir::profiler::test
