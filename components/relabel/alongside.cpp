#include "components/relabel/alongside.h"

#include <algorithm>
#include <cstdint>

namespace weir::relabel {
namespace {

// So many may have been taken away before one that stayed.
constexpr std::size_t kNear = 8;
// Targets made anew are compared by content with so many.
constexpr std::size_t kNearByContent = 2;
// After so many new ones in a row it looks whether the order is another one: that takes a look at every
// target, or at least at the address of every chunk.
constexpr std::size_t kMissesToIndex = 64;
constexpr std::size_t kChunkMissesToIndex = 16;

std::uint64_t hash_of(const discovery::TargetChunkPtr& chunk) {
  return profile::hash_mix(reinterpret_cast<std::uintptr_t>(chunk.get()), 0);
}

}  // namespace

Alongside::Place Alongside::after(const Place& place) const {
  bool is_last = place.within + 1 == before_.chunks()[place.chunk]->size();
  return is_last ? Place{place.chunk + 1, 0} : Place{place.chunk, place.within + 1};
}

std::optional<std::size_t> Alongside::find(const discovery::TargetChunkPtr& chunk) {
  const auto& chunks = before_.chunks();
  std::optional<std::size_t> found;
  for (std::size_t i = next_.chunk; !found && i < std::min(next_.chunk + kNear, chunks.size()); ++i) {
    if (chunks[i] == chunk) found = i;
  }
  if (!found && (chunk_index_ || chunk_misses_ >= kChunkMissesToIndex)) found = anywhere(chunk);
  chunk_misses_ = found ? 0 : chunk_misses_ + 1;
  if (found) next_ = {*found + 1, 0};
  return found;
}

std::optional<std::size_t> Alongside::anywhere(const discovery::TargetChunkPtr& chunk) {
  const auto& chunks = before_.chunks();
  if (!chunk_index_) {
    chunk_index_.emplace();
    for (std::size_t i = 0; i < chunks.size(); ++i)
      chunk_index_->insert(hash_of(chunks[i]), static_cast<std::uint32_t>(i));
  }
  std::uint32_t found =
      chunk_index_->find(hash_of(chunk), [&](std::uint32_t i) { return chunks[i] == chunk; });
  if (found == profile::HashIndex::kNone) return std::nullopt;
  return found;
}

std::optional<Alongside::Place> Alongside::find(const discovery::TargetPtr& target) {
  auto found = near(target);
  if (!found && (index_ || misses_ >= kMissesToIndex)) found = anywhere(target);
  misses_ = found ? 0 : misses_ + 1;
  if (found) next_ = after(*found);
  return found;
}

std::optional<Alongside::Place> Alongside::near(const discovery::TargetPtr& target) const {
  Place place = next_;
  for (std::size_t i = 0; i < kNear && !is_over(place); ++i, place = after(place)) {
    if (at(place) == target) return place;
  }
  place = next_;
  for (std::size_t i = 0; i < kNearByContent && !is_over(place); ++i, place = after(place)) {
    if (*at(place) == *target) return place;
  }
  return std::nullopt;
}

std::optional<Alongside::Place> Alongside::anywhere(const discovery::TargetPtr& target) {
  if (before_.size() == 0) return std::nullopt;
  if (!index_) {
    index_.emplace();
    std::uint32_t number = 0;
    for (const auto& known : before_) index_->insert(known->hash(), number++);
  }
  std::uint32_t found = index_->find(target->hash(), [&](std::uint32_t i) { return *before_[i] == *target; });
  if (found == profile::HashIndex::kNone) return std::nullopt;
  std::size_t chunk = before_.chunk_of(found);
  return Place{chunk, found - before_.start_of(chunk)};
}

}  // namespace weir::relabel
