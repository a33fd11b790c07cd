#include "profile/hash_index.h"

#include "profile/profile.h"

namespace weir::profile {

HashSeed::HashSeed() {
  ProfileId drawn = ProfileId::random();
  std::memcpy(&a, drawn.bytes.data(), sizeof a);
  std::memcpy(&b, drawn.bytes.data() + sizeof a, sizeof b);
}

[[gnu::init_priority(101)]] const HashSeed kHashSeed;

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t seed) {
  const char* at = static_cast<const char*>(data);
  std::uint64_t hash = hash_mix(seed, size);
  std::uint64_t word = 0;
  for (; size >= 8; at += 8, size -= 8) {
    std::memcpy(&word, at, 8);
    hash = hash_mix(hash, word);
  }
  if (size > 0) {
    word = 0;
    std::memcpy(&word, at, size);
    hash = hash_mix(hash, word);
  }
  return hash;
}

void HashIndex::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_ = std::vector<Slot>(old.empty() ? 16 : old.size() * 2);
  for (const Slot& slot : old)
    if (slot.index != kNone) place(slot.tag, slot.index);
}

}  // namespace weir::profile
