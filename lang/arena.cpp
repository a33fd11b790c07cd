#include "lang/arena.h"

#include <sys/mman.h>

namespace weir::lang {
namespace {

// Each chunk is twice the one before: a small text needs little, a large one few. Of a chunk only what is
// written to takes memory.
constexpr std::size_t kSmallestChunk = 4u << 10;
constexpr std::size_t kLargestChunk = 16u << 20;
constexpr std::size_t kHugePage = 2u << 20;

// Where a large config is parsed, a third of the time was the kernel's, which gave memory page by page.
void ask_for_huge_pages(std::byte* begin, std::size_t size) {
  auto first = (reinterpret_cast<std::uintptr_t>(begin) + kHugePage - 1) / kHugePage * kHugePage;
  auto end = (reinterpret_cast<std::uintptr_t>(begin) + size) / kHugePage * kHugePage;
  if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

}  // namespace

void Arena::add_chunk(std::size_t at_least) {
  std::size_t size = kSmallestChunk;
  for (std::size_t i = 0; i < chunks_.size() && size < kLargestChunk; ++i) size *= 2;
  size = std::max(size, at_least);
  chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  free_ = chunks_.back().get();
  end_ = free_ + size;
  ask_for_huge_pages(free_, size);
}

void Arena::clear() {
  chunks_.clear();
  free_ = end_ = nullptr;
}

}  // namespace weir::lang
