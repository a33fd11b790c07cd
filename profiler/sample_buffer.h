// SampleBuffer: copies of records, given out in the order of their time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "profiler/sampler.h"

namespace weir::profiler {

class SampleBuffer {
 public:
  void push(const cpu_sample& head) {
    std::size_t words = (head.size + 7) / 8;
    entries_.push_back({head.time, words_.size()});
    words_.resize(words_.size() + words);
    std::memcpy(words_.data() + entries_.back().at, &head, head.size);
  }

  // Calls `each(sample)` for all not later than `until`, and forgets them.
  template <class Each>
  void take_until(std::uint64_t until, Each each) {
    // They come CPU by CPU.
    std::ranges::sort(entries_, {}, &Entry::time);
    std::size_t taken = 0;
    for (; taken < entries_.size() && entries_[taken].time <= until; ++taken) {
      SampleView sample;
      const auto* head = reinterpret_cast<const cpu_sample*>(words_.data() + entries_[taken].at);
      if (parse_sample(head, head->size, sample)) each(sample);
    }
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(taken));
    if (entries_.empty()) words_.clear();
  }

 private:
  struct Entry {
    std::uint64_t time;
    std::size_t at;  // into words_
  };

  std::vector<std::uint64_t> words_;
  std::vector<Entry> entries_;
};

}  // namespace weir::profiler
