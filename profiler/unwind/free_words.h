// FreeWords: which words of the arena's segments are free. Addresses are those
// of bpf/unwind.h; what is taken and given back is rounded up to kGrain words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace weir::profiler {

// Not thread-safe. Knows nothing of the kernel.
class FreeWords {
 public:
  // So that a struct unwind_mapping, the largest, never crosses a segment's end.
  static constexpr std::uint32_t kGrain = 8;

  static std::uint32_t rounded(std::uint32_t words) { return (words + kGrain - 1) / kGrain * kGrain; }

  void add_segment(std::uint32_t segment);
  // All of it must be free.
  void remove_segment(std::uint32_t segment);

  // The smallest free range that is large enough.
  std::optional<std::uint32_t> take(std::uint32_t words);
  // True when its segment is all free now.
  bool give(std::uint32_t address, std::uint32_t words);

  std::size_t words() const { return words_; }

 private:
  void insert(std::uint32_t address, std::uint32_t words);
  void erase(std::map<std::uint32_t, std::uint32_t>::iterator range);

  std::map<std::uint32_t, std::uint32_t> by_address_;          // address to words; no two adjoin
  std::set<std::pair<std::uint32_t, std::uint32_t>> by_size_;  // words, address
  std::size_t words_ = 0;
};

}  // namespace weir::profiler
