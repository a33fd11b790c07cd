#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "components/discovery/target_list.h"

using weir::discovery::Target;
using weir::discovery::TargetChunk;
using weir::discovery::TargetList;
using weir::discovery::TargetPtr;

namespace {

TargetPtr target() {
  static int number = 0;
  return Target::make({{"number", std::to_string(number++)}});
}

std::vector<TargetPtr> targets(std::size_t count) {
  std::vector<TargetPtr> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(target());
  return made;
}

// How many targets of the list stand in chunks that are its own.
std::size_t own(const TargetList& list, const TargetList& before) {
  std::set<const TargetChunk*> known;
  for (const auto& chunk : before.chunks()) known.insert(chunk.get());
  std::size_t count = 0;
  for (const auto& chunk : list.chunks()) count += known.contains(chunk.get()) ? 0 : chunk->size();
  return count;
}

void check_holds(const TargetList& list, const std::vector<TargetPtr>& wanted) {
  REQUIRE(list.size() == wanted.size());
  CHECK(std::vector<TargetPtr>(list.begin(), list.end()) == wanted);
  for (std::size_t i = 0; i < wanted.size(); i += 7) CHECK(list[i] == wanted[i]);
  for (const auto& chunk : list.chunks()) {
    CHECK(chunk->size() > 0);
    CHECK(chunk->size() <= 2 * TargetChunk::kUsual);
  }
}

}  // namespace

TEST_CASE("target list: what did not change is shared") {
  auto wanted = targets(1000);
  auto before = TargetList::make(wanted);
  check_holds(*before, wanted);
  CHECK_THROWS((void)(*before)[1000]);

  CHECK(own(*TargetList::make(wanted, *before), *before) == 0);

  auto replaced = wanted;
  replaced[500] = target();
  auto list = TargetList::make(replaced, *before);
  check_holds(*list, replaced);
  CHECK(own(*list, *before) == TargetChunk::kUsual);
  CHECK_FALSE(*list->equals(*before));

  auto fewer = wanted;
  fewer.erase(fewer.begin() + 3);
  list = TargetList::make(fewer, *before);
  check_holds(*list, fewer);
  CHECK(own(*list, *before) == TargetChunk::kUsual - 1);

  auto more = wanted;
  more.insert(more.begin(), target());
  list = TargetList::make(more, *before);
  check_holds(*list, more);
  CHECK(own(*list, *before) == TargetChunk::kUsual + 1);

  auto none = TargetList::make(std::vector<TargetPtr>(), *before);
  CHECK(none->size() == 0);
  CHECK(none->begin() == none->end());
}

TEST_CASE("target list: lists that change for long do not fall to pieces") {
  std::minstd_rand random(7);
  auto wanted = targets(2000);
  auto list = TargetList::make(wanted);
  for (int change = 0; change < 5000; ++change) {
    auto at = wanted.begin() + static_cast<std::ptrdiff_t>(random() % wanted.size());
    switch (random() % 3) {
      case 0: *at = target(); break;
      case 1: wanted.erase(at); break;
      default: wanted.insert(at, target());
    }
    list = TargetList::make(wanted, *list);
  }
  check_holds(*list, wanted);
  CHECK(list->size() / list->chunks().size() >= TargetChunk::kUsual / 2);
}
