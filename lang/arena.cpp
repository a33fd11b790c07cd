#include "lang/arena.h"

#include <utility>

namespace weir::lang {
namespace {

// Each chunk is twice the one before: a small text needs little, a large one few.
constexpr std::size_t kSmallestChunk = 4u << 10;
constexpr std::size_t kLargestChunk = 1u << 20;

}  // namespace

void Arena::add_chunk(std::size_t at_least) {
  std::size_t size = kSmallestChunk;
  for (std::size_t i = 0; i < chunks_.size() && size < kLargestChunk; ++i) size *= 2;
  size = std::max(size, at_least);
  chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  free_ = chunks_.back().get();
  end_ = free_ + size;
}

void Arena::clear() {
  chunks_.clear();
  free_ = end_ = nullptr;
}

}  // namespace weir::lang
