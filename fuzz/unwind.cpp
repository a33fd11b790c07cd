// Whatever stack, registers and tables a process has, the kernel's unwinder stays within its memory, ends,
// and says why. Half of the inputs have tables that are as they should be, half have any words there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "tests/unwind/replay.h"

namespace {

using weir::profiler::test::Registers;
using weir::profiler::test::Replay;
using weir::profiler::test::Walk;

constexpr std::uint64_t kCode = 0x400000;
constexpr std::uint64_t kStack = 0x7ffe00000000;

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  template <class T>
  T take() {
    T value{};
    std::size_t size = left() < sizeof value ? left() : sizeof value;
    std::memcpy(&value, at_, size);
    at_ += size;
    return value;
  }

  // More often than chance would have it, an address of code or of the stack.
  std::uint64_t word() {
    auto kind = take<std::uint8_t>();
    if (kind % 4 == 0) return kCode + take<std::uint16_t>();
    if (kind % 4 == 1) return kStack + take<std::uint16_t>() / 8 * 8;
    if (kind % 4 == 2) return take<std::uint16_t>();
    return take<std::uint64_t>();
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

template <class T>
std::uint32_t put(Replay& replay, const std::vector<T>& objects) {
  auto address = replay.alloc(objects.size() * sizeof(T) / 4);
  if (!address || !replay.write(*address, std::as_bytes(std::span(objects)))) std::abort();
  return *address;
}

unwind_process proper_tables(Replay& replay, Input& input) {
  std::vector<unwind_page> pages(4);
  for (unwind_page& page : pages) {
    std::vector<std::uint32_t> rows(1 + input.take<std::uint8_t>());
    std::uint32_t start = 0;
    for (std::uint32_t& row : rows) {
      row = start << 16 | input.take<std::uint8_t>();
      start = std::min(start + 1 + input.take<std::uint8_t>(), 0xffffu);
    }
    page = {put(replay, rows), static_cast<std::uint16_t>(rows.size()), input.take<std::uint8_t>()};
  }
  std::vector<unwind_mapping> mappings(1 + input.take<std::uint8_t>() % 8);
  std::uint64_t start = kCode;
  for (unwind_mapping& mapping : mappings) {
    // The search halves addresses; mappings are of whole pages, so none begins at an odd one.
    mapping = {start, start + 2 + (input.take<std::uint16_t>() & 0xfffe), kCode, 0, 4, 0, 0};
    mapping.page_bits = UNWIND_MOST_PAGE_BITS - input.take<std::uint8_t>() % 9;
    mapping.pages = put(replay, pages);
    mapping.kind = input.take<std::uint8_t>() % 6;
    start = mapping.limit + (input.take<std::uint8_t>() & 0xfe);
  }
  return {put(replay, mappings), static_cast<std::uint32_t>(mappings.size())};
}

unwind_process any_tables(Replay& replay, Input& input) {
  std::size_t size = input.take<std::uint16_t>();
  std::vector<std::uint32_t> words(std::min(size, input.left() / 4));
  for (std::uint32_t& word : words) word = input.take<std::uint32_t>();
  // A segment of its own: what was not written is there, and 0.
  auto place = replay.alloc(UNWIND_SEGMENT_WORDS);
  if (!place || !replay.write(*place, std::as_bytes(std::span(words)))) std::abort();
  std::uint32_t address = *place;
  // As many bits as the map's value has for them.
  return {(address + input.take<std::uint32_t>()) & 0xffffff8, input.take<std::uint16_t>() & 0x3fffu};
}

void check(const Walk& walk) {
  if (walk.frames.empty() || walk.frames.size() > CPU_SAMPLE_MAX_FRAMES) std::abort();
  if (walk.stop < CPU_SAMPLE_STOP_END || walk.stop > CPU_SAMPLE_STOP_NOT_RISING) std::abort();
  bool truncated = walk.stop == CPU_SAMPLE_STOP_TRUNCATED;
  if (truncated != (walk.flags == CPU_SAMPLE_TRUNCATED)) std::abort();
  if (truncated && walk.frames.size() != CPU_SAMPLE_MAX_FRAMES) std::abort();
  for (std::size_t i = 1; i < walk.frames.size(); ++i) {
    std::uint64_t address = walk.frames[i] & ~CPU_SAMPLE_EXACT;
    if (address == 0 || address >> 56 != 0) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  static Replay replay;
  replay.clear();
  auto flags = input.take<std::uint8_t>();
  std::size_t rules = input.take<std::uint8_t>();
  for (std::size_t i = 0; i < rules; ++i) {
    auto rule = input.take<unwind_rule>();
    rule.fp &= 0xf;  // the other half is the kernel's, where it remembers rules
    replay.intern(rule);
  }
  unwind_process process = flags % 2 ? proper_tables(replay, input) : any_tables(replay, input);
  Registers registers{.ip = input.word(), .sp = input.word(), .fp = input.word()};
  for (std::uint64_t& value : registers.all) value = input.word();
  std::vector<std::uint64_t> stack;
  while (input.left() != 0) stack.push_back(input.word());
  replay.add_memory(kStack, stack);

  Walk walk = replay.walk(registers, process);
  check(walk);
  // Two windows a frame for its words, two more where a window reaches beyond the stack.
  if (replay.reads() > 8 * (walk.frames.size() + 1)) std::abort();
  // Where rows are not sorted, what is remembered as one range need not be one: each walk begins anew there.
  bool sorted = flags % 2 != 0;
  Walk again = sorted ? replay.walk_again(registers) : replay.walk(registers, process);
  if (again.frames != walk.frames || again.stop != walk.stop) std::abort();
  if (!sorted) replay.forget(process);
  Walk by_frames = replay.walk_by_frames(registers);
  if (by_frames.frames != walk.frames || by_frames.stop != walk.stop || by_frames.flags != walk.flags ||
      by_frames.unknown_leaf != walk.unknown_leaf)
    std::abort();
  check(replay.walk(registers, std::nullopt));
  return 0;
}
