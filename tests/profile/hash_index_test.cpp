#include "profile/hash_index.h"

#include <doctest/doctest.h>

#include <set>

namespace weir::profile {
namespace {

TEST_CASE("keys made to collide by who knows the code do not") {
  // Of any multiplier that stands in the code, one key makes every product nothing.
  std::set<std::uint64_t> hashes;
  constexpr std::uint64_t kKeys = 1000;
  for (std::uint64_t key = 0; key < kKeys; ++key) {
    hashes.insert(hash_mix(0x9e3779b97f4a7c15u, key));
    hashes.insert(hash_mix(key, 0xbf58476d1ce4e5b9u));
  }
  CHECK(hashes.size() == 2 * kKeys);
}

TEST_CASE("what is hashed is found again") {
  HashIndex index;
  for (std::uint32_t i = 0; i < 1000; ++i) index.insert(hash_mix(i, 1), i);
  for (std::uint32_t i = 0; i < 1000; ++i)
    CHECK(index.find(hash_mix(i, 1), [&](std::uint32_t found) { return found == i; }) == i);
  CHECK(index.find(hash_mix(1000, 1), [](std::uint32_t found) { return found == 1000; }) == HashIndex::kNone);
}

}  // namespace
}  // namespace weir::profile
