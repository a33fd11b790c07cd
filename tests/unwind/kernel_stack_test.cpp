// The kernel program's memory of kernel stacks, built as a part of this program: over stacks made by hand,
// and over random ones, of which it must never take one for another.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <vector>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "tests/support/kernel_code.h"

#include "bpf/kernel_stack.bpf.h"
#pragma clang diagnostic pop

namespace {

constexpr std::uint64_t kTop = 0xffffc90000004000 - 168;  // where the registers of user mode are
constexpr std::uint64_t kText = 0xffffffff81000000;

std::unique_ptr<kernel_stacks> machine_stacks = std::make_unique<kernel_stacks>();
std::map<std::uint64_t, std::uint64_t> machine_memory;

}  // namespace

static kernel_stacks* own_kernel_stacks() {
  return machine_stacks.get();
}

static long kernel_stack_read(void* to, __u32 size, __u64 from) {
  for (__u32 at = 0; at < size; at += 8) {
    auto word = machine_memory.find(from + at);
    if (word == machine_memory.end()) return -14;
    std::memcpy(static_cast<char*>(to) + at, &word->second, 8);
  }
  return 0;
}

namespace {

using Frames = std::vector<__u64>;

// A call chain in the kernel, and how many words each function keeps on the stack.
struct Call {
  std::uint64_t ip;
  std::uint64_t words;
};

constexpr std::uint64_t kResidue = ~0ull;  // what has been there

// Puts a stack up to the registers into memory; returns where it begins. `gap`: the random one that
// do_syscall_64() leaves, words, in the outermost but one; `other`: what lies where no return address does.
std::uint64_t put_stack(const std::vector<Call>& calls, std::uint64_t gap, std::uint64_t other) {
  std::vector<std::uint64_t> words;
  for (std::size_t i = 0; i + 1 < calls.size(); ++i) {
    std::uint64_t own = calls[i].words + (i + 2 == calls.size() ? gap : 0);
    words.insert(words.end(), own, other);
    words.push_back(calls[i + 1].ip);
  }
  std::uint64_t sp = kTop - words.size() * 8;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == kResidue) {
      machine_memory.try_emplace(sp + i * 8, 0);
    } else {
      machine_memory[sp + i * 8] = words[i];
    }
  }
  return sp;
}

Frames frames_of(const std::vector<Call>& calls) {
  Frames frames;
  for (const Call& call : calls) frames.push_back(call.ip);
  return frames;
}

kernel_place place_at(std::uint64_t ip, std::uint64_t sp, std::uint32_t turn = 1, std::uint16_t call = 7) {
  return {.ip = ip, .sp = sp, .registers = kTop, .turn = turn, .call = call};
}

void remember(const kernel_place& place, const Frames& frames) {
  Frames room(kKernelStackFrames);
  std::copy_n(frames.begin(), std::min<std::size_t>(frames.size(), kKernelStackFrames), room.begin());
  kernel_stack_remember(machine_stacks.get(), &place, room.data(), static_cast<__u32>(frames.size()));
}

// Empty when it must be asked for.
Frames recall(const kernel_place& place) {
  const kernel_stack_memory* memory = kernel_stack_find(machine_stacks.get(), &place);
  if (!memory) return {};
  return {memory->addresses, memory->addresses + memory->frames};
}

const std::vector<Call> kWait = {
    {kText + 0x100, 3}, {kText + 0x200, 9}, {kText + 0x300, 1}, {kText + 0x400, 6}, {kText + 0x500, 0}};

}  // namespace

TEST_CASE("a kernel stack is recalled where its return addresses lie again, whatever the random gap") {
  *machine_stacks = {};
  std::uint64_t sp = put_stack(kWait, 5, 0);
  CHECK(recall(place_at(kWait[0].ip, sp)).empty());
  remember(place_at(kWait[0].ip, sp), frames_of(kWait));
  for (std::uint64_t gap : {5, 0, 64}) {
    sp = put_stack(kWait, gap, 0x1234);
    CHECK(recall(place_at(kWait[0].ip, sp)) == frames_of(kWait));
  }
  SUBCASE("not from another leaf, system call or time") {
    CHECK(recall(place_at(kWait[0].ip + 1, sp)).empty());
    CHECK(recall(place_at(kWait[0].ip, sp, 2)).empty());
    CHECK(recall(place_at(kWait[0].ip, sp, 1, 8)).empty());
  }
  SUBCASE("not beyond the largest gap") {
    CHECK_FALSE(recall(place_at(kWait[0].ip, put_stack(kWait, 5 + 128, 0))).empty());
    CHECK(recall(place_at(kWait[0].ip, put_stack(kWait, 5 + 129, 0))).empty());
  }
  SUBCASE("not by other callers") {
    for (std::size_t i = 1; i < kWait.size(); ++i) {
      std::vector<Call> calls = kWait;
      calls[i].ip += 0x10;
      CHECK(recall(place_at(kWait[0].ip, put_stack(calls, 5, 0))).empty());
    }
  }
  SUBCASE("not behind a fault that came within another: its entry code is the same") {
    std::vector<Call> outer = {{kText + 0x600, 2}, {kText + 0x500, 20}};
    std::vector<Call> calls = kWait;
    calls.insert(calls.end(), outer.begin(), outer.end());
    remember(place_at(kWait[0].ip, put_stack(kWait, 0, 0), 1, kKernelNoCall), frames_of(kWait));
    CHECK_FALSE(recall(place_at(kWait[0].ip, put_stack(kWait, 0, 0), 1, kKernelNoCall)).empty());
    CHECK(recall(place_at(kWait[0].ip, put_stack(calls, 0, 0), 1, kKernelNoCall)).empty());
  }
  SUBCASE("not where the stack ends before, or cannot be read") {
    CHECK(recall(place_at(kWait[0].ip, kTop - 8)).empty());
    machine_memory.clear();
    CHECK(recall(place_at(kWait[0].ip, sp)).empty());
  }
}

TEST_CASE("a kernel stack is remembered only when there is no doubt where its return addresses lie") {
  auto kept = [](const std::vector<Call>& calls, const Frames& frames, auto change) {
    *machine_stacks = {};
    machine_memory.clear();
    std::uint64_t sp = put_stack(calls, 4, 0);
    change(sp);
    remember(place_at(frames[0], sp), frames);
    return !recall(place_at(frames[0], sp)).empty();
  };
  auto nothing = [](std::uint64_t) {};
  Frames frames = frames_of(kWait);
  CHECK(kept(kWait, frames, nothing));
  // Left over from earlier calls: in a frame, in the gap.
  CHECK_FALSE(kept(kWait, frames, [](std::uint64_t sp) { machine_memory[sp + 8] = kWait[1].ip; }));
  CHECK_FALSE(kept(kWait, frames, [](std::uint64_t) { machine_memory[kTop - 16] = kWait[3].ip; }));
  // It does not reach the registers: another stack, or one that the kernel could not follow.
  CHECK_FALSE(kept(kWait, {frames.begin(), frames.end() - 1}, nothing));
  CHECK_FALSE(kept(kWait, frames, [](std::uint64_t) { machine_memory[kTop - 8] = 0; }));
  // A tracer has put its own address there.
  CHECK_FALSE(kept(kWait, frames, [](std::uint64_t sp) { machine_memory[sp + 3 * 8] = kText + 0x900; }));
  // The leaf alone, more frames than there is room for, more memory than there is room for.
  CHECK_FALSE(kept(kWait, {kText}, nothing));
  std::vector<Call> deep;
  for (std::uint64_t i = 0; i < kKernelStackFrames; ++i) deep.push_back({kText + i, 2});
  CHECK(kept(deep, frames_of(deep), nothing));
  deep.push_back({kText + 0x800, 2});
  CHECK_FALSE(kept(deep, frames_of(deep), nothing));
  CHECK(kept({{kText, 200}, {kText + 1, 49}, {kText + 2, 0}}, {kText, kText + 1, kText + 2}, nothing));
  CHECK_FALSE(kept({{kText, 200}, {kText + 1, 60}, {kText + 2, 0}}, {kText, kText + 1, kText + 2}, nothing));
}

TEST_CASE("of random kernel stacks none is taken for another") {
  *machine_stacks = {};
  std::mt19937 random(5);
  // Each function keeps so many words, as the kernel's do; by whom it is called is left to chance.
  std::vector<Call> functions;
  for (int i = 0; i < 12; ++i) functions.push_back({kText + random() % 0x1000 * 16, 1 + random() % 20});
  int recalled = 0;
  int wrong = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::vector<Call> calls;
    for (std::uint64_t depth = 1 + random() % 4; depth > 0; --depth) {
      calls.push_back(functions[random() % functions.size()]);
    }
    calls.push_back({kText + 0x100000, 8});
    calls.push_back({kText + 0x100100, 0});
    // What is left over are return addresses, too.
    std::uint64_t other = random() % 4 ? kResidue : functions[random() % functions.size()].ip;
    std::uint64_t sp = put_stack(calls, random() % 64, other);
    auto turn = static_cast<std::uint32_t>(i / 50'000);
    kernel_place place = place_at(calls[0].ip, sp, turn, static_cast<std::uint16_t>(random() % 2));
    Frames found = recall(place);
    if (found.empty()) {
      remember(place, frames_of(calls));
    } else {
      ++recalled;
      wrong += found == frames_of(calls) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  CHECK(recalled > 1000);
}
