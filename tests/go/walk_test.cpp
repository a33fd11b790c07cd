// Rows beside what the Go runtime itself says: one goroutine prints the places of its frames and waits in
// the kernel; its thread is then stopped, and its stack walked by our rows.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "profiler/unwind/table.h"
#include "tests/go/programs.h"

namespace weir::profiler::test {
namespace {

struct Printed {
  std::uint64_t address = 0;
  std::string function;
  std::uint32_t line = 0;
  std::string file;
};

// "busy stop", killed at the end of its scope.
class Stopped {
 public:
  explicit Stopped(const std::string& path) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], 1);
      // The runtime's signal to a goroutine that keeps its thread for long would end the wait.
      ::setenv("GODEBUG", "asyncpreemptoff=1", 1);
      ::execl(path.c_str(), path.c_str(), "stop", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
    char line[4096];
    while (std::fgets(line, sizeof line, output_) != nullptr) {
      std::istringstream text(line);
      Printed frame;
      std::string first;
      text >> first;
      if (first == "end") break;
      if (first == "thread") {
        text >> thread_;
        continue;
      }
      frame.address = std::strtoull(first.c_str(), nullptr, 16);
      text >> frame.function >> frame.line >> frame.file;
      frames_.push_back(frame);
    }
    wait_for_kernel();
  }
  ~Stopped() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::fclose(output_);
  }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

  pid_t pid() const { return pid_; }
  const std::vector<Printed>& frames() const { return frames_; }

  // Of the thread that waits; nothing where we may not look.
  std::optional<user_regs_struct> registers() const {
    user_regs_struct registers{};
    if (::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0) return std::nullopt;
    ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr);
    ::waitpid(thread_, nullptr, __WALL);
    iovec to{&registers, sizeof registers};
    if (::ptrace(PTRACE_GETREGSET, thread_, NT_PRSTATUS, &to) != 0) return std::nullopt;
    return registers;
  }
  bool read(std::uint64_t address, std::uint64_t& word) const {
    iovec to{&word, sizeof word};
    iovec from{reinterpret_cast<void*>(address), sizeof word};  // NOLINT(performance-no-int-to-ptr)
    return ::process_vm_readv(pid_, &to, 1, &from, 1, 0) == sizeof word;
  }
  // What the process's addresses are above the file's. Go's heap may lie below the program.
  std::uint64_t bias(const std::string& path, const Elf& elf) const {
    std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
    for (std::string line; std::getline(maps, line);)
      if (line.ends_with(path))
        return std::strtoull(line.c_str(), nullptr, 16) - elf.address_of(0).value_or(0);
    return 0;
  }

 private:
  static constexpr int NT_PRSTATUS = 1;

  // It says what it says just before it waits.
  void wait_for_kernel() const {
    std::string path = fmt::format("/proc/{}/task/{}/syscall", pid_, thread_);
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    constexpr int kPoll = 271;  // ppoll
    int number = -1;
    while (number != kPoll && std::chrono::steady_clock::now() < end) {
      std::ifstream file(path);
      if (!file) return;
      number = -1;
      file >> number;
    }
  }

  pid_t pid_ = -1;
  pid_t thread_ = -1;
  std::FILE* output_ = nullptr;
  std::vector<Printed> frames_;
};

struct Walked {
  std::vector<std::uint64_t> places;  // in the file: of the leaf, then of each call
  bool complete = false;
};

Walked walk(const Stopped& process, const user_regs_struct& registers, const UnwindTable& table,
            std::uint64_t bias) {
  Walked walked;
  std::uint64_t ip = registers.rip;
  std::uint64_t sp = registers.rsp;
  std::uint64_t fp = registers.rbp;
  for (int i = 0; i < 100; ++i) {
    walked.places.push_back(ip - bias - (i == 0 ? 0 : 1));
    unwind_rule rule = table.find(walked.places.back());
    if (rule.cfa == UNWIND_CFA_END) {
      walked.complete = true;
      break;
    }
    if (rule.cfa != UNWIND_CFA_SP) break;
    std::uint64_t cfa = sp + static_cast<std::uint64_t>(std::int64_t{rule.cfa_offset});
    if (!process.read(cfa - 8, ip)) break;
    if (rule.fp == UNWIND_FP_AT_CFA && !process.read(cfa - 16, fp)) break;
    sp = cfa;
  }
  return walked;
}

TEST_CASE("rows lead through the frames that the Go runtime sees, and names are the runtime's") {
  for (const std::string& path : go_programs("rows lead through the frames that the Go runtime sees")) {
    CAPTURE(path);
    Program program = open_program(path);
    auto rows = read_go_frames(program.elf, *program.bytes, 64u << 20);
    REQUIRE(rows);
    Stopped process(path);
    REQUIRE(process.frames().size() > 8);
    auto registers = process.registers();
    if (!registers) {
      std::printf("SKIP: rows lead through the frames that the Go runtime sees: ptrace is refused\n");
      return;
    }
    Walked walked = walk(process, *registers, *rows, process.bias(path, program.elf));
    CHECK(walked.complete);
    std::vector<profile::Line> lines;
    bool begun = false;
    for (std::uint64_t place : walked.places) {
      for (profile::Line& line : program.table.lines(place, *program.bytes)) {
        begun |= line.function == "main.report";
        if (begun) lines.push_back(std::move(line));
      }
    }
    REQUIRE(lines.size() == process.frames().size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Printed& theirs = process.frames()[i];
      CHECK(lines[i].function == theirs.function);
      CHECK(lines[i].file == theirs.file);
      if (i != 0) CHECK(lines[i].line == theirs.line);  // it has gone on since it printed
    }
  }
}

}  // namespace
}  // namespace weir::profiler::test
