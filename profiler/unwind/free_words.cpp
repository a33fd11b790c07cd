#include "profiler/unwind/free_words.h"

#include <iterator>

#include "bpf/unwind.h"

namespace weir::profiler {

namespace {

std::uint32_t segment_of(std::uint32_t address) {
  return address / UNWIND_SEGMENT_WORDS;
}

}  // namespace

void FreeWords::insert(std::uint32_t address, std::uint32_t words) {
  by_address_.emplace(address, words);
  by_size_.emplace(words, address);
  words_ += words;
}

void FreeWords::erase(std::map<std::uint32_t, std::uint32_t>::iterator range) {
  words_ -= range->second;
  by_size_.erase({range->second, range->first});
  by_address_.erase(range);
}

void FreeWords::add_segment(std::uint32_t segment) {
  insert(segment * UNWIND_SEGMENT_WORDS, UNWIND_SEGMENT_WORDS);
}

void FreeWords::remove_segment(std::uint32_t segment) {
  auto range = by_address_.find(segment * UNWIND_SEGMENT_WORDS);
  if (range != by_address_.end() && range->second == UNWIND_SEGMENT_WORDS) erase(range);
}

std::optional<std::uint32_t> FreeWords::take(std::uint32_t words) {
  words = rounded(words);
  auto best = by_size_.lower_bound({words, 0});
  if (best == by_size_.end()) return std::nullopt;
  auto [had, address] = *best;
  erase(by_address_.find(address));
  if (had > words) insert(address + words, had - words);
  return address;
}

bool FreeWords::give(std::uint32_t address, std::uint32_t words) {
  words = rounded(words);
  auto after = by_address_.lower_bound(address);
  if (after != by_address_.begin()) {
    auto before = std::prev(after);
    if (before->first + before->second == address && segment_of(before->first) == segment_of(address)) {
      address = before->first;
      words += before->second;
      erase(before);
    }
  }
  if (after != by_address_.end() && address + words == after->first &&
      segment_of(after->first) == segment_of(address)) {
    words += after->second;
    erase(after);
  }
  insert(address, words);
  return words == UNWIND_SEGMENT_WORDS;
}

}  // namespace weir::profiler
