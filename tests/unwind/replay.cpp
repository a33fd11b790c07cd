#include "tests/unwind/replay.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "tests/support/kernel_code.h"

#include "bpf/unwind.bpf.h"
#pragma clang diagnostic pop

namespace {

using weir::profiler::test::Replay;

// What in the kernel is a CPU's.
std::unique_ptr<scratch> machine_scratch = std::make_unique<scratch>();
Replay* machine = nullptr;

}  // namespace

static scratch* own_scratch() {
  return machine_scratch.get();
}

static __u32* unwind_segment(__u32 number) {
  return machine->segment(number);
}

static unwind_rule* unwind_rule_of(__u32 id) {
  return machine->rule(id);
}

static long unwind_read_user(void* to, __u32 size, __u64 from) {
  return machine->read(to, size, from) ? 0 : -14;
}

int unwind_take_registers() {
  std::ranges::copy(machine->registers(), machine_scratch->unwinding.registers);
  return 0;
}

namespace weir::profiler::test {

Replay::Replay() : segments_(1), used_(1), rules_(1) {}

Replay::~Replay() {
  if (machine == this) machine = nullptr;
}

void Replay::clear() {
  for (std::size_t i = 1; i < used_.size(); ++i)
    std::memset(segments_[i].data(), 0, used_[i] * sizeof segments_[i][0]);
  used_.resize(1);
  rules_.resize(1);
  memory_.clear();
  reads_ = 0;
}

Result<std::uint32_t> Replay::alloc(std::size_t words) {
  auto size = static_cast<std::uint32_t>((words + 7) / 8 * 8);
  if (size == 0 || size > UNWIND_SEGMENT_WORDS) return fail("take {} words", words);
  if (used_.size() == 1 || used_.back() + size > UNWIND_SEGMENT_WORDS) {
    if (used_.size() == UNWIND_SEGMENTS) return fail("all segments are full");
    if (segments_.size() == used_.size()) segments_.emplace_back(UNWIND_SEGMENT_WORDS);
    used_.push_back(0);
  }
  auto address = static_cast<std::uint32_t>((used_.size() - 1) * UNWIND_SEGMENT_WORDS + used_.back());
  used_.back() += size;
  return address;
}

Result<> Replay::write(std::uint32_t address, std::span<const std::byte> bytes) {
  std::uint32_t* words = segment(address / UNWIND_SEGMENT_WORDS);
  std::size_t at = address % UNWIND_SEGMENT_WORDS;
  if (!words || at * 4 + bytes.size() > UNWIND_SEGMENT_WORDS * 4) return fail("write at {:#x}", address);
  std::ranges::copy(bytes, reinterpret_cast<std::byte*>(words + at));
  return {};
}

std::uint16_t Replay::intern(const unwind_rule& rule) {
  rules_.push_back(rule);
  return static_cast<std::uint16_t>(rules_.size() - 1);
}

void Replay::add_memory(std::uint64_t start, std::vector<std::uint64_t> words) {
  memory_[start] = std::move(words);
}

std::uint32_t* Replay::segment(std::uint32_t number) {
  return number == 0 || number >= used_.size() ? nullptr : segments_[number].data();
}

unwind_rule* Replay::rule(std::uint32_t id) {
  return id < rules_.size() ? &rules_[id] : nullptr;
}

bool Replay::read(void* to, std::size_t size, std::uint64_t from) const {
  ++reads_;
  auto part = memory_.upper_bound(from);
  if (part == memory_.begin()) return false;
  --part;
  std::uint64_t skipped = from - part->first;
  std::uint64_t bytes = part->second.size() * sizeof(std::uint64_t);
  if (skipped > bytes || size > bytes - skipped) return false;
  std::memcpy(to, reinterpret_cast<const char*>(part->second.data()) + skipped, size);
  return true;
}

void Replay::forget(std::optional<unwind_process> process) {
  process_ = process;
  ++serial_;
  machine_scratch->processes[0] = {};
}

void Replay::begin() {
  // What another replay has remembered is not ours.
  if (std::exchange(machine, this) != this) {
    for (unwind_memory& memory : machine_scratch->remembered) memory = {};
    machine_scratch->processes[0] = {};
  }
  unwinding& u = machine_scratch->unwinding;
  // As if other processes had been there.
  std::memset(static_cast<void*>(&u), 0xa5, sizeof u);
  u.known = process_ ? 1 : 0;
  u.serial = serial_;
  u.process = 0;
  u.mappings = process_ ? process_->mappings : 0;
  u.mapping_count = process_ ? process_->count : 0;
}

Walk Replay::walk(const Registers& registers, std::optional<unwind_process> process) {
  forget(process);
  return walk_again(registers);
}

void Replay::begin_walk(const Registers& registers) {
  begin();
  scratch& s = *machine_scratch;
  s.unwinding.ip = registers.ip;
  s.unwinding.sp = registers.sp;
  s.unwinding.fp = registers.fp;
  registers_ = registers.all;
  registers_[UNWIND_RSP] = registers.sp;
  registers_[UNWIND_RBP] = registers.fp;
}

Walk Replay::walked() {
  const scratch& s = *machine_scratch;
  Walk walk;
  walk.frames.assign(s.frames, s.frames + s.unwinding.frames);
  walk.stop = s.user.stop;
  walk.mode = s.user.mode;
  walk.flags = s.user.flags;
  walk.unknown_leaf = s.unwinding.unknown_leaf != 0;
  return walk;
}

Walk Replay::walk_again(const Registers& registers) {
  begin_walk(registers);
  unwind_stack(machine_scratch.get());
  return walked();
}

Walk Replay::walk_by_frames(const Registers& registers) {
  begin_walk(registers);
  unwind_begin(machine_scratch.get());
  while (unwind_frame() == kUnwindMore) {
  }
  unwind_end(machine_scratch.get());
  return walked();
}

std::pair<unwind_rule, std::uint32_t> Replay::look_up(const unwind_process& process, std::uint64_t address) {
  forget(process);
  return look_up_again(address);
}

std::pair<unwind_rule, std::uint32_t> Replay::look_up_again(std::uint64_t address) {
  begin();
  unwind_rule rule{};
  std::uint32_t kind = unwind_look_up(machine_scratch.get(), address, &rule);
  return {rule, kind};
}

}  // namespace weir::profiler::test
