#include "profiler/unwind/free_words.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "bpf/unwind.h"

namespace weir::profiler {

namespace {

constexpr std::uint32_t kFirst = UNWIND_SEGMENT_WORDS;  // of segment 1

}  // namespace

TEST_CASE("the smallest free range that is large enough is taken") {
  FreeWords words;
  words.add_segment(1);
  CHECK(words.take(100) == kFirst);
  CHECK(words.take(16) == kFirst + 104);
  CHECK(words.take(8) == kFirst + 120);
  CHECK_FALSE(words.give(kFirst + 104, 16));
  CHECK(words.take(17) == kFirst + 128);
  CHECK(words.take(16) == kFirst + 104);
}

TEST_CASE("a segment whose words all came back is free, and no range reaches into the next") {
  FreeWords words;
  words.add_segment(1);
  words.add_segment(2);
  auto all = words.take(UNWIND_SEGMENT_WORDS);
  auto other = words.take(UNWIND_SEGMENT_WORDS - 8);
  REQUIRE(all);
  REQUIRE(other);
  CHECK_FALSE(words.take(16));
  CHECK(words.give(*all, UNWIND_SEGMENT_WORDS));
  CHECK(words.give(*other, UNWIND_SEGMENT_WORDS - 8));
  CHECK(words.words() == 2 * UNWIND_SEGMENT_WORDS);
  CHECK_FALSE(words.take(UNWIND_SEGMENT_WORDS + 8));
  words.remove_segment(1);
  CHECK(words.words() == UNWIND_SEGMENT_WORDS);
}

TEST_CASE("what is taken never overlaps, and all of it comes back") {
  std::mt19937 random(7);
  FreeWords words;
  for (std::uint32_t segment = 1; segment <= 4; ++segment) words.add_segment(segment);
  std::map<std::uint32_t, std::uint32_t> taken;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 2 == 0 && !taken.empty()) {
      auto victim = std::next(taken.begin(), static_cast<std::ptrdiff_t>(random() % taken.size()));
      words.give(victim->first, victim->second);
      taken.erase(victim);
      continue;
    }
    std::uint32_t size = 1 + random() % 6000;
    auto address = words.take(size);
    if (!address) continue;
    auto [at, fresh] = taken.emplace(*address, size);
    REQUIRE(fresh);
    REQUIRE(*address / UNWIND_SEGMENT_WORDS == (*address + size - 1) / UNWIND_SEGMENT_WORDS);
    if (at != taken.begin()) REQUIRE(std::prev(at)->first + std::prev(at)->second <= *address);
    if (std::next(at) != taken.end()) REQUIRE(*address + size <= std::next(at)->first);
  }
  for (auto [address, size] : taken) words.give(address, size);
  CHECK(words.words() == 4 * UNWIND_SEGMENT_WORDS);
  for (int i = 0; i < 4; ++i) CHECK(words.take(UNWIND_SEGMENT_WORDS));
}

}  // namespace weir::profiler
