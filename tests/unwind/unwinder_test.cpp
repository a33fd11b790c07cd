// The kernel's unwinder, step by step: every kind of rule and every end of a walk, with exact expectations.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/process_tables.h"
#include "tests/unwind/replay.h"

namespace weir::profiler::test {

namespace {

constexpr std::uint64_t kCode = 0x400000;
constexpr std::uint64_t kStack = 0x7ffe00000000;
constexpr std::uint64_t kOtherStack = 0x7fff00000000;
constexpr std::uint64_t kNowhere = 0x123456;

// The code's functions, 0x100 bytes each: what is tested, one that finds its caller by rbp, the last one.
constexpr std::uint64_t kTested = kCode + 0x80;
constexpr std::uint64_t kByFp = kCode + 0x180;
constexpr std::uint64_t kEnd = kCode + 0x280;

constexpr unwind_rule kFpRule{UNWIND_CFA_FP, UNWIND_FP_AT_CFA, -16, 16};
constexpr unwind_rule kEndRule{UNWIND_CFA_END, 0, 0, 0};

using Words = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // address, word

struct Case {
  const char* name;
  unwind_rule rule;
  Registers registers;
  Words words;
  std::vector<std::uint64_t> callers;
  cpu_sample_stop stop;
};

// A process with one file whose first function has a rule of choice.
struct World {
  Replay replay;
  std::map<std::uint64_t, std::uint64_t> words;

  unwind_mapping map(const unwind_rule& rule) {
    UnwindTable table{.base = 0, .starts = {0, 0x100, 0x200, 0x300}, .rules = {0, 1, 2, 3}, .distinct = {}};
    table.distinct = {rule, kFpRule, kEndRule, unwind_rule{}};
    auto laid_out = lay_out(replay, table);
    REQUIRE(laid_out);
    unwind_mapping mapping{};
    mapping.start = kCode;
    mapping.limit = kCode + 0x1000;
    mapping.bias = kCode;
    mapping.pages = laid_out->pages;
    mapping.page_count = laid_out->page_count;
    mapping.page_bits = laid_out->page_bits;
    mapping.kind = UNWIND_MAPPING_TABLE;
    return mapping;
  }

  Walk walk(Registers registers, const std::vector<unwind_mapping>& mappings, const Words& stack) {
    std::vector<std::uint64_t> low(256), high(256);
    for (auto [address, word] : stack) (address < kOtherStack ? low : high)[address % 2048 / 8] = word;
    replay.add_memory(kStack, low);
    replay.add_memory(kOtherStack, high);
    if (registers.ip == 0) registers.ip = kTested;
    if (registers.sp == 0) registers.sp = kStack;
    auto process = put_mappings(replay, mappings);
    REQUIRE(process);
    return replay.walk(registers, *process);
  }
};

std::array<std::uint64_t, 16> with_register(int number, std::uint64_t value) {
  std::array<std::uint64_t, 16> all{};
  all[static_cast<std::size_t>(number)] = value;
  return all;
}

// What the kernel puts on a handler's stack above its return address, from `at` on.
Words signal_frame(std::uint64_t at, std::uint64_t ip, std::uint64_t sp, std::uint64_t bp, std::uint64_t bx) {
  std::uint64_t context = at + 40;
  return {{context + 80, bp}, {context + 88, bx}, {context + 120, sp}, {context + 128, ip}};
}

std::vector<Case> cases() {
  const std::uint64_t s = kStack;
  auto rule = [](int cfa, int offset, int fp = UNWIND_FP_SAME, int fp_offset = 0) {
    return unwind_rule{static_cast<std::uint8_t>(cfa), static_cast<std::uint8_t>(fp),
                       static_cast<std::int16_t>(fp_offset), offset};
  };
  auto near = [](int place, int added) { return place * 256 + added; };
  constexpr int kRbx = 3, kR10 = 10;
  return {
      {"no frame", rule(UNWIND_CFA_SP, 8), {}, {{s, kEnd}}, {kEnd}, CPU_SAMPLE_STOP_END},
      {"saved fp beside the return address",
       rule(UNWIND_CFA_SP, 24, UNWIND_FP_AT_CFA, -16),
       {},
       {{s + 8, s + 0x100}, {s + 16, kByFp}, {s + 0x108, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"saved fp below other registers",
       rule(UNWIND_CFA_SP, 64, UNWIND_FP_AT_CFA, -56),
       {},
       {{s + 8, s + 0x100}, {s + 56, kByFp}, {s + 0x108, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"saved fp far below",
       rule(UNWIND_CFA_SP, 0x400, UNWIND_FP_AT_CFA, -0x3f0),
       {},
       {{s + 0x10, s + 0x500}, {s + 0x3f8, kByFp}, {s + 0x508, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"fp as it was",
       rule(UNWIND_CFA_SP, 16),
       {.fp = s + 0x100},
       {{s + 8, kByFp}, {s + 0x108, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"fp unknown",
       rule(UNWIND_CFA_SP, 16, UNWIND_FP_UNKNOWN),
       {.fp = s + 0x100},
       {{s + 8, kByFp}, {s + 0x108, kEnd}},
       {kByFp},
       CPU_SAMPLE_STOP_NOT_RISING},
      {"by fp", kFpRule, {.fp = s + 0x20}, {{s + 0x28, kEnd}}, {kEnd}, CPU_SAMPLE_STOP_END},
      {"realigned: the CFA in a word of the frame, fp where fp points",
       rule(UNWIND_CFA_FP_DEREF, near(-8, 0), UNWIND_FP_AT_FP, 0),
       {.fp = s + 0x40},
       {{s + 0x38, s + 0x80}, {s + 0x78, kByFp}, {s + 0x40, s + 0x100}, {s + 0x108, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"the caller's sp in a word near sp",
       rule(UNWIND_CFA_SP_DEREF, near(0x18, 8)),
       {},
       {{s + 0x18, s + 0x60}, {s + 0x60, kEnd}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"chain that leaves for a lower stack",
       rule(UNWIND_CFA_FP_CHAIN, 0),
       {.sp = kOtherStack, .fp = s + 0x20},
       {{s + 0x20, s + 0x100}, {s + 0x28, kByFp}, {s + 0x108, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"stub, before its push",
       rule(UNWIND_CFA_PLT, 11),
       {.ip = kCode + 0x4a},
       {{s, kEnd}, {s + 8, kByFp}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"stub, after its push",
       rule(UNWIND_CFA_PLT, 11),
       {.ip = kCode + 0x4b},
       {{s, kByFp}, {s + 8, kEnd}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"a register of the leaf",
       rule(UNWIND_CFA_REGISTER + kR10, 0),
       {.all = with_register(kR10, s + 0x30)},
       {{s + 0x28, kEnd}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"a word near a register of the leaf",
       rule(UNWIND_CFA_REGISTER_DEREF + kRbx, near(-0x10, 8)),
       {.all = with_register(kRbx, s + 0x30)},
       {{s + 0x20, s + 0x80}, {s + 0x80, kEnd}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"a word behind an array of so many words as a register of the leaf says",
       rule(UNWIND_CFA_INDEXED_DEREF + kR10, near(8, 8)),
       {.all = with_register(kR10, 4)},
       {{s + 0x28, s + 0x80}, {s + 0x80, kEnd}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"a return address that was taken into a register of the leaf, off an empty stack",
       rule(UNWIND_CFA_RETURN_REGISTER + kR10, 0),
       {.fp = s + 0x100, .all = with_register(kR10, kByFp)},
       {{s + 0x108, kEnd}},
       {kByFp, kEnd},
       CPU_SAMPLE_STOP_END},
      {"a return address in a register, and the frame pointer is lost",
       rule(UNWIND_CFA_RETURN_REGISTER + kR10, 8, UNWIND_FP_UNKNOWN),
       {.fp = s + 0x100, .all = with_register(kR10, kByFp)},
       {{s + 0x108, kEnd}},
       {kByFp},
       CPU_SAMPLE_STOP_NOT_RISING},
      {"a return address in a register, and a stack that falls",
       rule(UNWIND_CFA_RETURN_REGISTER + kR10, -8),
       {.all = with_register(kR10, kByFp)},
       {},
       {},
       CPU_SAMPLE_STOP_NOT_RISING},
      {"no rule: by frame pointers",
       rule(UNWIND_CFA_INVALID, 0),
       {.fp = s + 0x20},
       {{s + 0x28, kEnd}},
       {kEnd},
       CPU_SAMPLE_STOP_END},
      {"no rule, and the frame pointer leads nowhere",
       rule(UNWIND_CFA_INVALID, 0),
       {.fp = s + 0x20},
       {{s + 0x28, kNowhere}},
       {},
       CPU_SAMPLE_STOP_NO_ROW},
      {"no rule, no frame pointer",
       rule(UNWIND_CFA_INVALID, 0),
       {.fp = s + 0x21},
       {},
       {},
       CPU_SAMPLE_STOP_NO_ROW},
      {"no rule, but the chain's end", rule(UNWIND_CFA_INVALID, 0), {}, {}, {}, CPU_SAMPLE_STOP_CHAIN_END},
      {"a rule of a kind we do not know", rule(15, 0), {.fp = s + 0x21}, {}, {}, CPU_SAMPLE_STOP_NO_ROW},
      {"the thread's first frame", kEndRule, {}, {}, {}, CPU_SAMPLE_STOP_END},
      {"a return address outside all mappings",
       rule(UNWIND_CFA_SP, 8),
       {},
       {{s, kNowhere}},
       {kNowhere},
       CPU_SAMPLE_STOP_NO_MAPPING},
      {"no return address, no frame pointer",
       rule(UNWIND_CFA_SP, 8),
       {},
       {{s, 0}},
       {},
       CPU_SAMPLE_STOP_CHAIN_END},
      {"no return address", rule(UNWIND_CFA_SP, 8), {.fp = 8}, {{s, 0}}, {}, CPU_SAMPLE_STOP_CHAIN_END},
      {"no user's address",
       rule(UNWIND_CFA_SP, 8),
       {},
       {{s, ~std::uint64_t{0}}},
       {},
       CPU_SAMPLE_STOP_NO_MAPPING},
      {"a stack that cannot be read", rule(UNWIND_CFA_SP, 0x10000), {}, {}, {}, CPU_SAMPLE_STOP_UNREADABLE},
      {"a frame below its callee's",
       rule(UNWIND_CFA_FP, 16),
       {.sp = s + 0x40, .fp = s + 0x20},
       {{s + 0x28, kEnd}},
       {},
       CPU_SAMPLE_STOP_NOT_RISING},
  };
}

std::vector<std::uint64_t> with_leaf(std::uint64_t leaf, std::vector<std::uint64_t> callers) {
  callers.insert(callers.begin(), leaf);
  return callers;
}

}  // namespace

TEST_CASE("every kind of rule leads to the caller it means") {
  for (const Case& row : cases()) {
    CAPTURE(std::string(row.name));
    World world;
    Walk walk = world.walk(row.registers, {world.map(row.rule)}, row.words);
    CHECK(walk.frames == with_leaf(row.registers.ip ? row.registers.ip : kTested, row.callers));
    CHECK(walk.stop == row.stop);
    CHECK(walk.mode == CPU_SAMPLE_UNWIND_TABLES);
    bool complete = row.stop == CPU_SAMPLE_STOP_END || row.stop == CPU_SAMPLE_STOP_CHAIN_END;
    CHECK(walk.flags == (complete ? CPU_SAMPLE_COMPLETE : 0));
    CHECK_FALSE(walk.unknown_leaf);
    Registers again = row.registers;
    if (again.ip == 0) again.ip = kTested;
    if (again.sp == 0) again.sp = kStack;
    CHECK(world.replay.walk_again(again).frames == walk.frames);
    Walk by_frames = world.replay.walk_by_frames(again);
    CHECK(by_frames.frames == walk.frames);
    CHECK(by_frames.stop == walk.stop);
    CHECK(by_frames.flags == walk.flags);
    CHECK(by_frames.mode == walk.mode);
    CHECK(by_frames.unknown_leaf == walk.unknown_leaf);
  }
}

TEST_CASE("a signal frame gives back all registers, and the place as it is") {
  constexpr std::uint64_t kInterrupted = kCode + 0x100;  // the first instruction: the one before is another's
  World world;
  unwind_mapping mapping = world.map({UNWIND_CFA_SIGNAL, 0, 0, 0});
  Words words = signal_frame(kStack, kInterrupted, kOtherStack, kOtherStack + 0x20, 0);
  words.push_back({kOtherStack + 0x28, kEnd});
  Walk walk = world.walk({}, {mapping}, words);
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kInterrupted | CPU_SAMPLE_EXACT, kEnd});
  CHECK(walk.stop == CPU_SAMPLE_STOP_END);
}

TEST_CASE("other registers serve the leaf and what a signal interrupted, no caller") {
  constexpr int kRbx = 3;
  unwind_rule rule{UNWIND_CFA_REGISTER + kRbx, 0, 0, 8};
  World world;
  UnwindTable table{.base = 0, .starts = {0, 0x100, 0x200}, .rules = {0, 1, 2}, .distinct = {}};
  table.distinct = {{UNWIND_CFA_SIGNAL, 0, 0, 0}, rule, kEndRule};
  auto laid_out = lay_out(world.replay, table);
  REQUIRE(laid_out);
  unwind_mapping mapping = world.map({});
  mapping.pages = laid_out->pages;
  Words words = signal_frame(kStack, kByFp, kStack + 0x200, 0, kStack + 0x300);
  words.push_back({kStack + 0x300, kEnd});
  Walk walk = world.walk({}, {mapping}, words);
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kByFp | CPU_SAMPLE_EXACT, kEnd});

  // Now the same function as an ordinary caller: no register, no row.
  World other;
  table.distinct[0] = {UNWIND_CFA_SP, 0, 0, 8};
  laid_out = lay_out(other.replay, table);
  REQUIRE(laid_out);
  mapping.pages = laid_out->pages;
  walk = other.walk({.fp = 1, .all = with_register(kRbx, kStack + 0x300)}, {mapping},
                    {{kStack, kByFp}, {kStack + 0x300, kEnd}});
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kByFp});
  CHECK(walk.stop == CPU_SAMPLE_STOP_NO_ROW);
}

TEST_CASE("a call as a function's last instruction belongs to that function") {
  World world;
  // The return address is the first of the next function, whose rule would be another.
  Walk walk =
      world.walk({}, {world.map({UNWIND_CFA_SP, 0, 0, 8})}, {{kStack, kCode + 0x200}, {kStack + 8, kEnd}});
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kCode + 0x200});
  walk = world.walk({.fp = kStack + 0x20}, {world.map({UNWIND_CFA_SP, 0, 0, 8})},
                    {{kStack, kCode + 0x200}, {kStack + 0x28, kEnd}});
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kCode + 0x200, kEnd});
  CHECK(walk.stop == CPU_SAMPLE_STOP_END);
}

TEST_CASE("the page of vsyscalls hides no other mapping") {
  World world;
  unwind_mapping vsyscalls{};
  vsyscalls.start = 0xffffffffff600000;
  vsyscalls.limit = 0xffffffffff601000;
  vsyscalls.kind = UNWIND_MAPPING_FRAME_POINTERS;
  Walk walk = world.walk({}, {world.map({UNWIND_CFA_SP, 0, 0, 8}), vsyscalls}, {{kStack, kEnd}});
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kEnd});
  CHECK(walk.stop == CPU_SAMPLE_STOP_END);
}

TEST_CASE("mappings without a table follow frame pointers, and say why they end") {
  struct Row {
    std::uint8_t kind;
    bool unknown;
    cpu_sample_stop nowhere;  // when the frame pointer leads nowhere
    cpu_sample_stop chain_end;
  };
  for (const Row& row : {
           Row{UNWIND_MAPPING_FRAME_POINTERS, false, CPU_SAMPLE_STOP_NOT_RISING, CPU_SAMPLE_STOP_CHAIN_END},
           Row{UNWIND_MAPPING_PENDING, true, CPU_SAMPLE_STOP_PENDING, CPU_SAMPLE_STOP_PENDING},
           Row{UNWIND_MAPPING_NO_ROOM, false, CPU_SAMPLE_STOP_NO_ROOM, CPU_SAMPLE_STOP_NO_ROOM},
       }) {
    CAPTURE(row.kind);
    World world;
    unwind_mapping mapping = world.map({});
    unwind_mapping tested = mapping;
    tested.kind = row.kind;
    tested.limit = kCode + 0x100;
    mapping.start = kCode + 0x100;
    auto walk = [&](std::uint64_t fp) {
      return world.walk({.fp = fp}, {tested, mapping}, {{kStack + 0x28, kEnd}});
    };
    Walk led = walk(kStack + 0x20);
    CHECK(led.frames == std::vector<std::uint64_t>{kTested, kEnd});
    CHECK(led.stop == CPU_SAMPLE_STOP_END);
    CHECK(led.unknown_leaf == row.unknown);
    CHECK(walk(1).stop == row.nowhere);
    CHECK(walk(0).stop == row.chain_end);
  }
}

TEST_CASE("processes and code that no table knows are told, and followed by frame pointers") {
  World world;
  unwind_mapping mapping = world.map({});
  Walk walk = world.walk({.ip = kNowhere, .fp = kStack + 0x20}, {mapping}, {{kStack + 0x28, kEnd}});
  CHECK(walk.frames == std::vector<std::uint64_t>{kNowhere, kEnd});
  CHECK(walk.stop == CPU_SAMPLE_STOP_END);
  CHECK(walk.unknown_leaf);
  walk = world.walk({.ip = kNowhere, .fp = 1}, {mapping}, {});
  CHECK(walk.stop == CPU_SAMPLE_STOP_NO_MAPPING);

  walk = world.replay.walk({.ip = kNowhere, .sp = kStack, .fp = kStack + 0x20}, std::nullopt);
  CHECK(walk.mode == CPU_SAMPLE_FRAME_POINTERS);
  CHECK(walk.frames.size() == 1);
  CHECK(walk.stop == CPU_SAMPLE_STOP_CHAIN_END);
}

TEST_CASE("a stack of 512 frames is whole, a deeper one is truncated") {
  for (std::size_t frames : {511u, 512u, 513u, 2000u}) {
    CAPTURE(frames);
    World world;
    unwind_mapping mapping = world.map({UNWIND_CFA_SP, 0, 0, 8});
    std::vector<std::uint64_t> stack(frames - 2, kTested);
    stack.push_back(kEnd);
    world.replay.add_memory(kStack, stack);
    auto process = put_mappings(world.replay, {mapping});
    REQUIRE(process);
    Walk walk = world.replay.walk({.ip = kTested, .sp = kStack}, *process);
    bool whole = frames <= CPU_SAMPLE_MAX_FRAMES;
    CHECK(walk.frames.size() == std::min<std::size_t>(frames, CPU_SAMPLE_MAX_FRAMES));
    CHECK(walk.stop == (whole ? CPU_SAMPLE_STOP_END : CPU_SAMPLE_STOP_TRUNCATED));
    CHECK(walk.flags == (whole ? CPU_SAMPLE_COMPLETE : CPU_SAMPLE_TRUNCATED));
    // Entering user memory is what costs; only the end of a stack is read word by word.
    if (frames == 2000) CHECK(world.replay.reads() < walk.frames.size() / 50);
  }
}

TEST_CASE("a stack is read up to its last word") {
  World world;
  unwind_mapping mapping = world.map({UNWIND_CFA_SP, 0, 0, 8});
  auto process = put_mappings(world.replay, {mapping});
  REQUIRE(process);
  world.replay.add_memory(kStack, {kTested, kTested, kEnd});
  Walk walk = world.replay.walk({.ip = kTested, .sp = kStack}, *process);
  CHECK(walk.frames == std::vector<std::uint64_t>{kTested, kTested, kTested, kEnd});
  CHECK(walk.stop == CPU_SAMPLE_STOP_END);
}

TEST_CASE("searches find what a plain search finds, at every address") {
  std::mt19937 random(11);
  Replay replay;
  std::vector<unwind_mapping> mappings;
  std::vector<UnwindTable> tables;
  std::uint64_t start = 0x10000;
  for (int file = 0; file < 37; ++file) {
    UnwindTable table;
    table.base = 0;
    for (int i = 0; i < 50; ++i) table.distinct.push_back({UNWIND_CFA_SP, 0, 0, file * 1000 + i});
    std::uint32_t at = random() % 300'000;
    std::uint32_t rows = random() % 4000;
    std::uint32_t step = 1 + random() % 200;
    for (std::uint32_t row = 0; row < rows; ++row) {
      table.starts.push_back(at);
      table.rules.push_back(static_cast<std::uint16_t>(random() % 50));
      at += 1 + random() % step;
      if (random() % 500 == 0) at += 200'000;
    }
    auto laid_out = lay_out(replay, table);
    REQUIRE(laid_out);
    unwind_mapping mapping{};
    mapping.start = mapping.bias = start;
    std::uint64_t covered = std::uint64_t{laid_out->page_count} << laid_out->page_bits;
    // Every other mapping ends within a page; what is behind it is the next one's, or nobody's.
    mapping.limit = start + (file % 2 ? covered + 0x1000 : covered / 2 + 0x1001);
    mapping.pages = laid_out->pages;
    mapping.page_count = laid_out->page_count;
    mapping.page_bits = laid_out->page_bits;
    mapping.kind = UNWIND_MAPPING_TABLE;
    start = mapping.limit + random() % 2 * 0x5000;
    mappings.push_back(mapping);
    tables.push_back(std::move(table));
  }
  auto process = put_mappings(replay, mappings);
  REQUIRE(process);
  bool again = false;
  auto expect = [&](std::uint64_t address) {
    auto [rule, kind] = again ? replay.look_up_again(address) : replay.look_up(*process, address);
    auto in = [&](const unwind_mapping& m) { return address >= m.start && address < m.limit; };
    auto mapping = std::ranges::find_if(mappings, in);
    if (mapping == mappings.end()) return kind == 0;
    const UnwindTable& table = tables[static_cast<std::size_t>(mapping - mappings.begin())];
    std::uint64_t offset = address - mapping->start;
    bool inside = offset >> mapping->page_bits < mapping->page_count;
    auto row = std::ranges::upper_bound(table.starts, offset);
    unwind_rule right{};
    if (inside && row != table.starts.begin()) {
      right = table.distinct[table.rules[static_cast<std::size_t>(row - table.starts.begin()) - 1]];
    }
    return kind == UNWIND_MAPPING_TABLE && rule.cfa == right.cfa && rule.cfa_offset == right.cfa_offset;
  };
  int wrong = 0;
  for (int i = 0; i < 60'000; ++i) wrong += expect(random() % (start + 0x10000)) ? 0 : 1;
  auto expect_around_rows = [&] {
    for (std::size_t file = 0; file < tables.size(); ++file) {
      for (std::uint32_t row : tables[file].starts) {
        for (std::uint64_t near : {0, -1, 1}) wrong += expect(mappings[file].start + row + near) ? 0 : 1;
      }
    }
  };
  expect_around_rows();
  CHECK(wrong == 0);
  // Places that lie near each other share where they are remembered, or are remembered as one.
  again = true;
  expect_around_rows();
  for (int i = 0; i < 60'000; ++i) {
    std::uint64_t address = random() % (start + 0x10000);
    for (std::uint64_t near : {0, 1, 0x80, 0x100, 0, 1, 0x80, 0x100, 0x10000}) {
      wrong += expect(address + near) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace weir::profiler::test
