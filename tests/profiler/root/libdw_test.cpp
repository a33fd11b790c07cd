// Whole stacks of running programs beside those that elfutils' libdw finds: both walk the very same registers
// and bytes of the stack. One kind of difference is excused: where a caller's frame is found by a register
// other than rsp and rbp, which libdw follows through its callees and we do not. The dynamic linker's
// _dl_runtime_resolve() is such a caller, while it binds a function at its first call.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/profiler/root/libdw_walk.h"
#include "tests/profiler/root/snapshots.h"
#include "tests/profiler/root/world.h"
#include "tests/support/process_tables.h"
#include "tests/unwind/replay.h"

#if __has_include(<elfutils/libdwfl.h>)

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;

struct Counts {
  std::size_t snapshots = 0;
  std::size_t frames = 0;    // the same in both
  std::size_t complete = 0;  // stacks that reached the thread's start in both
  std::size_t cut = 0;       // … that are longer than what was copied: both ask for more after the same frame
  std::size_t ended = 0;     // … that end for both after the same frame, for no way leads on
  std::size_t excused = 0;   // … the same up to a caller of that kind
  std::size_t different = 0;
  std::string first_differences;
};

// A process that stands still, to be walked in both ways.
class Both {
 public:
  explicit Both(std::uint32_t pid) {
    auto libdw = LibdwProcess::open(pid);
    if (!libdw) FAIL(libdw.error().message);
    libdw_ = std::move(*libdw);
    auto process = put_process(replay_, pid);
    if (!process) FAIL(process.error().message);
    process_ = *process;
  }

  void compare(const Snapshot& snapshot, Counts& counts);

 private:
  Walk walk(const Snapshot& snapshot);
  bool is_excused(const Walk& ours, std::size_t same);
  std::string describe(const Walk& ours, const LibdwWalk& theirs, std::size_t same);

  Replay replay_;
  std::optional<unwind_process> process_;  // until the first walk
  std::unique_ptr<LibdwProcess> libdw_;
};

Walk Both::walk(const Snapshot& snapshot) {
  replay_.forget_memory();
  replay_.add_memory(snapshot.start, snapshot.words);
  // From the second walk on with the rules that were remembered, as in the kernel.
  if (!process_) return replay_.walk_again(snapshot.registers);
  Walk first = replay_.walk(snapshot.registers, process_);
  process_.reset();
  return first;
}

bool is_exact(const Walk& walk, std::size_t at) {
  return at == 0 || (at < walk.frames.size() && (walk.frames[at] & CPU_SAMPLE_EXACT) != 0);
}

// How many frames are the same.
std::size_t common(const Walk& ours, const LibdwWalk& theirs) {
  std::size_t both = std::min(ours.frames.size(), theirs.frames.size());
  for (std::size_t i = 0; i < both; ++i) {
    if ((ours.frames[i] & ~CPU_SAMPLE_EXACT) != theirs.frames[i].ip) return i;
    if ((is_exact(ours, i) || is_exact(ours, i + 1)) != theirs.frames[i].exact) return i;
  }
  return both;
}

// Whether the last frame that is the same is a caller of the excused kind.
bool Both::is_excused(const Walk& ours, std::size_t same) {
  constexpr int kRbp = 6;
  constexpr int kRsp = 7;
  if (same == 0 || is_exact(ours, same - 1)) return false;
  int base = libdw_->place_of(ours.frames[same - 1] - 1).cfa_register;
  return base >= 0 && base != kRbp && base != kRsp;
}

void Both::compare(const Snapshot& snapshot, Counts& counts) {
  Walk ours = walk(snapshot);
  LibdwWalk theirs = libdw_->walk(snapshot);
  std::size_t same = common(ours, theirs);
  ++counts.snapshots;
  counts.frames += same;
  bool one_length = same == ours.frames.size() && same == theirs.frames.size();
  bool complete = ours.stop == CPU_SAMPLE_STOP_END;
  bool cut = ours.stop == CPU_SAMPLE_STOP_UNREADABLE;
  // For libdw a return address of 0 is a thread's start, and for us an end like that of a chain.
  bool at_zero = ours.stop == CPU_SAMPLE_STOP_CHAIN_END && theirs.at_start;
  bool one_end = (complete || at_zero) == (theirs.at_start && theirs.unreadable == 0) &&
                 (!cut || theirs.unreadable != 0);
  if ((!one_length || !one_end) && is_excused(ours, same)) {
    ++counts.excused;
  } else if (!one_length || !one_end) {
    if (++counts.different <= 5) counts.first_differences += describe(ours, theirs, same);
  } else if (complete) {
    ++counts.complete;
  } else {
    ++(cut ? counts.cut : counts.ended);
  }
}

std::string Both::describe(const Walk& ours, const LibdwWalk& theirs, std::size_t same) {
  std::string text = fmt::format("\nours ends with {} after {} frames, libdw's {} after {}{}\n", ours.stop,
                                 ours.frames.size(), theirs.at_start ? "without a caller" : "for an error",
                                 theirs.frames.size(),
                                 theirs.unreadable ? fmt::format(", reading {:#x}", theirs.unreadable) : "");
  for (std::size_t i = same < 2 ? 0 : same - 2; i < same + 2; ++i) {
    std::uint64_t our_ip = i < ours.frames.size() ? ours.frames[i] : 0;
    LibdwFrame frame = i < theirs.frames.size() ? theirs.frames[i] : LibdwFrame{};
    LibdwPlace place = libdw_->place_of(frame.exact ? frame.ip : frame.ip - 1);
    text += fmt::format("  {}: ours {:#x}, libdw {:#x}{}: {} + {:#x}, {}\n", i, our_ip, frame.ip,
                        frame.exact ? " exact" : "", place.module, place.offset,
                        place.has_rule ? "has a rule" : "has no rule");
  }
  return text;
}

struct Program {
  std::string name;
  std::vector<std::string> command;  // a workload, or a path
  double start_seconds = 0.03;       // of its own time, until it is at its work
  double complete = 0.98;            // share of the stacks; fewer where they are longer than what is copied
};

Program openssl(const std::string& algorithm) {
  // It tells what it does.
  return {"openssl " + algorithm,
          {"/bin/sh", "-c", "exec /usr/bin/openssl speed -seconds 60 " + algorithm + " 2>/dev/null"}};
}

std::vector<Program> programs() {
  const std::string sources = WEIR_WORKLOAD_SOURCES;
  return {
      {"callbacks", {"callbacks", "threads"}},
      {"shares", {"shares"}},
      {"shares_no_frame_pointers", {"shares_no_frame_pointers"}},
      {"deep_no_frame_pointers", {"deep_no_frame_pointers", "100"}},
      {"rust_busy", {"rust_busy"}},
      {"python3", {"/usr/bin/python3", sources + "/interpreted.py"}, 0.2},
      // Much of it in the vdso, the last mapping but that of vsyscalls.
      {"python3's clock", {"/usr/bin/python3", "-c", "import time\nwhile True: time.time()"}, 0.1},
      {"node", {"/usr/bin/node", sources + "/interpreted.js"}, 0.5},
      {"clang", {WEIR_COMPILER, "-O2", "-S", "-o", "/dev/null", sources + "/compiled.cpp"}, 0.2, 0.5},
      openssl("rsa2048"),
      openssl("ffdh2048"),
      openssl("ecdsap256"),
      openssl("sha512"),
      openssl("-evp aes-256-gcm"),
      openssl("-evp chacha20-poly1305"),
  };
}

bool is_there(const Program& program) {
  const std::string& path = program.command[0];
  if (program.name.starts_with("openssl") && ::access("/usr/bin/openssl", X_OK) != 0) return false;
  return ::access(path.starts_with('/') ? path.c_str() : (std::string(WEIR_WORKLOADS) + "/" + path).c_str(),
                  X_OK) == 0;
}

// WEIR_SNAPSHOTS: more, to look by hand for what is rare.
std::size_t wanted() {
  const char* more = std::getenv("WEIR_SNAPSHOTS");
  return more ? std::stoul(more) : 400;
}

// Neither this program any more, nor the shell that becomes another.
bool is_itself(const Child& child) {
  std::error_code error;
  auto file = std::filesystem::read_symlink(fmt::format("/proc/{}/exe", child.pid()), error);
  return !error && file != std::filesystem::read_symlink("/proc/self/exe") &&
         file != std::filesystem::canonical("/bin/sh");
}

void wait_until_busy(const Child& child, double start_seconds) {
  auto end = std::chrono::steady_clock::now() + 20s;
  std::optional<double> before;
  while (!before || child.cpu_seconds() < *before + start_seconds) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    if (!before && is_itself(child)) before = child.cpu_seconds();
    std::this_thread::sleep_for(5ms);
  }
}

Counts compare(const Program& program) {
  Child child(program.command[0], {program.command.begin() + 1, program.command.end()});
  wait_until_busy(child, program.start_seconds);
  auto threads = Snapshots::open(child.pid());
  if (!threads) FAIL(threads.error().message);
  std::vector<Snapshot> snapshots = threads->take(wanted());
  threads->hold();
  Both both(child.pid());
  Counts counts;
  for (const Snapshot& snapshot : snapshots) both.compare(snapshot, counts);
  return counts;
}

void print(const Program& program, const Counts& counts) {
  std::printf(
      "FIGURE: %s: %zu of %zu stacks are those of libdw, %zu excused; %zu frames; %zu complete, %zu cut, "
      "%zu ended\n",
      program.name.c_str(), counts.snapshots - counts.different - counts.excused, counts.snapshots,
      counts.excused, counts.frames, counts.complete, counts.cut, counts.ended);
}

}  // namespace

TEST_CASE("stacks are those of libdw") {
  if (skip("stacks are those of libdw")) return;
  for (const Program& program : programs()) {
    CAPTURE(program.name);
    if (!is_there(program)) {
      std::printf("SKIP: stacks are those of libdw: %s is missing\n", program.name.c_str());
      continue;
    }
    Counts counts = compare(program);
    print(program, counts);
    INFO(counts.first_differences);
    CHECK(counts.different == 0);
    CHECK(counts.excused * 50 <= counts.snapshots);
    CHECK(counts.snapshots >= wanted());
    CHECK(static_cast<double>(counts.complete) >= program.complete * static_cast<double>(counts.snapshots));
  }
}

}  // namespace weir::profiler::test

#else

TEST_CASE("stacks are those of libdw") {
  std::printf("SKIP: stacks are those of libdw: built without libdw-dev\n");
}

#endif
