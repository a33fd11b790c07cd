// HashIndex: finds the index of an equal element in a table that its owner
// keeps. Eight bytes a slot, no allocation per element.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::profile {

// Drawn anew in every process, before anything else is made: who makes up a profile cannot know which of its
// things would collide, and no hash means anything elsewhere.
struct HashSeed {
  std::uint64_t a = 0, b = 0;

  HashSeed();
};
extern const HashSeed kHashSeed;

inline std::uint64_t hash_mix(std::uint64_t a, std::uint64_t b) {
  auto product = static_cast<unsigned __int128>(a ^ kHashSeed.a) * (b ^ kHashSeed.b);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t seed = 0);

inline std::uint64_t hash_string(std::string_view text, std::uint64_t seed = 0) {
  return hash_bytes(text.data(), text.size(), seed);
}

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // The index for which `equal(index)` holds, or kNone.
  template <class Equal>
  std::uint32_t find(std::uint64_t hash, Equal equal) const {
    if (slots_.empty()) return kNone;
    auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.index == kNone) return kNone;
      if (slot.tag == tag && equal(slot.index)) return slot.index;
    }
  }

  // `index` must not be there yet.
  void insert(std::uint64_t hash, std::uint32_t index) {
    if ((used_ + 1) * 3 > slots_.size() * 2) grow();
    place(static_cast<std::uint32_t>(hash), index);
    ++used_;
  }

  // What is found, or `next` inserted; true when it is new.
  template <class Equal>
  std::pair<std::uint32_t, bool> find_or_insert(std::uint64_t hash, std::uint32_t next, Equal equal) {
    std::uint32_t found = find(hash, equal);
    if (found != kNone) return {found, false};
    insert(hash, next);
    return {next, true};
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t index = kNone;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  void grow();
  void place(std::uint32_t tag, std::uint32_t index) {
    std::size_t at = tag & mask();
    while (slots_[at].index != kNone) at = (at + 1) & mask();
    slots_[at] = {tag, index};
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t used_ = 0;
};

}  // namespace weir::profile
