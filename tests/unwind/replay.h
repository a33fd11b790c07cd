// Replay: the kernel's unwinder (bpf/unwind.bpf.h) built as a part of this program, over stored stacks and
// tables of our own.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bpf/cpu_sample.h"
#include "bpf/unwind.h"

namespace weir::profiler::test {

struct Registers {
  std::uint64_t ip = 0, sp = 0, fp = 0;
  std::array<std::uint64_t, 16> all{};  // by DWARF number; sp and fp are taken from above
};

struct Walk {
  std::vector<std::uint64_t> frames;
  std::uint16_t stop = 0;  // cpu_sample_stop
  std::uint8_t mode = 0;
  std::uint8_t flags = 0;
  bool unknown_leaf = false;
};

// Not thread-safe, and one walks at a time.
class Replay {
 public:
  Replay();
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // As it was when it was new. Much cheaper than a new one: the segments' memory is kept.
  void clear();

  // As an Arena does.
  Result<std::uint32_t> alloc(std::size_t words);
  Result<> write(std::uint32_t address, std::span<const std::byte> bytes);
  std::uint16_t intern(const unwind_rule& rule);

  // Memory of the process; parts do not overlap.
  void add_memory(std::uint64_t start, std::vector<std::uint64_t> words);
  void forget_memory() { memory_.clear(); }

  // The process of the walks to come, of which nothing is remembered; without one it is as if it were in no
  // table.
  void forget(std::optional<unwind_process> process);
  // Of a process, after forget().
  Walk walk(const Registers& registers, std::optional<unwind_process> process);
  // The process of the last walk, with all that was remembered of it.
  Walk walk_again(const Registers& registers);
  // The same, each frame for itself: plain ones as all others.
  Walk walk_by_frames(const Registers& registers);
  // The rule and the mapping's kind at an address.
  std::pair<unwind_rule, std::uint32_t> look_up(const unwind_process& process, std::uint64_t address);
  // The process of the last look-up, with all that was remembered of it.
  std::pair<unwind_rule, std::uint32_t> look_up_again(std::uint64_t address);

  // For the functions that unwind.bpf.h asks for.
  std::uint32_t* segment(std::uint32_t number);
  unwind_rule* rule(std::uint32_t id);
  bool read(void* to, std::size_t size, std::uint64_t from) const;
  const std::array<std::uint64_t, 16>& registers() const { return registers_; }
  std::uint64_t reads() const { return reads_; }

 private:
  void begin();
  void begin_walk(const Registers& registers);
  static Walk walked();

  std::vector<std::vector<std::uint32_t>> segments_;  // more than are in use, once it was cleared
  std::vector<std::uint32_t> used_;                   // words of each segment in use
  std::vector<unwind_rule> rules_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> memory_;
  std::optional<unwind_process> process_;
  std::uint32_t serial_ = 0;
  std::array<std::uint64_t, 16> registers_{};  // of the last walk
  mutable std::uint64_t reads_ = 0;
};

}  // namespace weir::profiler::test
