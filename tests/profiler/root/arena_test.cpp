#include "profiler/unwind/arena.h"

#include <bpf/bpf.h>
#include <doctest/doctest.h>

#include <numeric>

#include "tests/profiler/root/world.h"

namespace weir::profiler::test {

namespace {

class HandClock final : public Clock {
 public:
  WallTime wall() const override { return {}; }
  MonoTime mono() const override { return now; }
  MonoTime now{};
};

// As a program in the kernel reads it.
std::vector<std::uint32_t> segment_words(const Arena& arena, std::uint32_t segment) {
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(arena.maps().segments, &segment, &id) != 0) return {};
  Fd map(bpf_map_get_fd_by_id(id));
  std::uint32_t zero = 0;
  std::vector<std::uint32_t> words(UNWIND_SEGMENT_WORDS);
  if (bpf_map_lookup_elem(map.get(), &zero, words.data()) != 0) return {};
  return words;
}

}  // namespace

TEST_CASE("unwind memory is written, read by the kernel, rests, and goes back") {
  if (skip("unwind memory is written, read by the kernel, rests, and goes back")) return;
  HandClock clock;
  auto opened = Arena::open(clock);
  REQUIRE(opened);
  Arena& arena = **opened;
  std::size_t empty = arena.bytes();
  CHECK(empty > UNWIND_RULES * sizeof(unwind_rule));
  CHECK(empty < (2u << 20));

  std::vector<std::uint32_t> numbers(50'000);
  std::iota(numbers.begin(), numbers.end(), 1u);
  auto first = arena.alloc(numbers.size());
  auto second = arena.alloc(numbers.size());
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first / UNWIND_SEGMENT_WORDS != *second / UNWIND_SEGMENT_WORDS);
  CHECK(arena.bytes() >= empty + 2 * UNWIND_SEGMENT_WORDS * sizeof(std::uint32_t));
  REQUIRE(arena.write(*first, std::as_bytes(std::span(numbers))));
  REQUIRE(arena.write(*second + 49'999, std::as_bytes(std::span(numbers).first(1))));
  CHECK_FALSE(arena.write(*second + 49'999, std::as_bytes(std::span(numbers).first(2))));
  CHECK_FALSE(arena.write(0, std::as_bytes(std::span(numbers).first(1))));
  arena.end_writing();
  auto words = segment_words(arena, *first / UNWIND_SEGMENT_WORDS);
  REQUIRE(words.size() == UNWIND_SEGMENT_WORDS);
  CHECK(std::equal(numbers.begin(), numbers.end(), words.begin() + *first % UNWIND_SEGMENT_WORDS));

  arena.free(*first);
  CHECK(arena.used_bytes() == 50'000 * sizeof(std::uint32_t));
  auto third = arena.alloc(numbers.size());
  REQUIRE(third);
  CHECK(*third != *first);  // it rests
  clock.now += Arena::kRest;
  arena.reclaim();
  CHECK(segment_words(arena, *first / UNWIND_SEGMENT_WORDS).empty());
  arena.free(*second);
  arena.free(*third);
  clock.now += Arena::kRest;
  arena.reclaim();
  CHECK(arena.bytes() == empty);
  CHECK_FALSE(arena.alloc(0));
  CHECK_FALSE(arena.alloc(UNWIND_SEGMENT_WORDS + 1));
}

TEST_CASE("equal rules have one number, and only so many fit") {
  if (skip("equal rules have one number, and only so many fit")) return;
  auto opened = Arena::open();
  REQUIRE(opened);
  Arena& arena = **opened;
  CHECK(arena.intern({}) == 0);
  unwind_rule rule{.cfa = UNWIND_CFA_SP, .fp = UNWIND_FP_SAME, .fp_offset = 0, .cfa_offset = 8};
  std::uint16_t id = arena.intern(rule);
  CHECK(id == 1);
  CHECK(arena.intern(rule) == id);
  for (int i = 0; i < UNWIND_RULES; ++i) {
    rule.cfa_offset = 16 * i;
    arena.intern(rule);
  }
  CHECK(arena.rules() == UNWIND_RULES);
  CHECK(arena.refused_rules() == 2);
  std::uint32_t key = 1;
  unwind_rule stored{};
  REQUIRE(bpf_map_lookup_elem(arena.maps().rules, &key, &stored) == 0);
  CHECK(stored.cfa == UNWIND_CFA_SP);
  CHECK(stored.cfa_offset == 8);
}

}  // namespace weir::profiler::test
