// Arena: the kernel's memory of unwind tables (bpf/unwind.h), shared by all
// samplers. What lies in it is written once, then pointed at, then freed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "bpf/unwind.h"
#include "profiler/unwind/free_words.h"
#include "profiler/unwind/unwind_maps.h"

namespace weir::profiler {

// Not thread-safe.
class Arena {
 public:
  // How long freed words stay as they are: a program that still follows them has ended long before.
  static constexpr std::chrono::seconds kRest{1};

  static Result<std::unique_ptr<Arena>> open(const Clock& clock = system_clock());
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // The address of an object of 1 to UNWIND_SEGMENT_WORDS words, aligned to 32 bytes. Its words are whatever
  // was there: write all of them. Fails when the kernel has no memory, or UNWIND_SEGMENTS are full.
  Result<std::uint32_t> alloc(std::size_t words);
  // From an address on, up to the end of the object at most.
  Result<> write(std::uint32_t address, std::span<const std::byte> bytes);
  // Nothing must point there any more.
  void free(std::uint32_t address);
  // Lets rested words be used again and gives empty segments back to the kernel; alloc() does so too.
  void reclaim();
  // Unmaps the segment that was written last.
  void end_writing();

  // The number of a rule, the same for equal ones; 0, the invalid rule, when UNWIND_RULES are there already.
  std::uint16_t intern(const unwind_rule& rule);
  std::size_t rules() const { return rule_ids_.size(); }
  std::uint64_t refused_rules() const { return refused_rules_; }

  // Also tells programs to forget what they remember of the process: to be called after any change of its
  // mappings. Fails when UNWIND_PROCESSES are there.
  Result<> set_process(std::uint32_t pid, const unwind_process& process);
  void drop_process(std::uint32_t pid);

  // What the kernel holds for the four maps and all segments.
  std::size_t bytes() const;
  // Of these, in objects; those that rest are not counted.
  std::size_t used_bytes() const { return used_words_ * sizeof(std::uint32_t); }
  UnwindMaps maps() const {
    return {segments_map_.get(), rules_map_.get(), processes_map_.get(), changes_map_.get()};
  }

 private:
  struct Resting {
    MonoTime since;
    std::uint32_t address;
    std::uint32_t words;
  };

  explicit Arena(const Clock& clock) : clock_(clock) {}
  Result<> create_maps();
  Result<> add_segment();
  void remove_segment(std::uint32_t segment);
  void count_change();
  Result<> map_segment(std::uint32_t segment);

  const Clock& clock_;
  Fd segments_map_, rules_map_, processes_map_, changes_map_;
  std::vector<Fd> segments_;  // by number; number 0 is never used, so that no address is 0
  FreeWords free_;
  std::map<std::uint32_t, std::uint32_t> objects_;  // address to words
  std::deque<Resting> resting_;
  std::size_t used_words_ = 0;
  std::map<std::uint64_t, std::uint16_t> rule_ids_;  // by the rule's bytes
  std::uint64_t refused_rules_ = 0;
  std::uint32_t serial_ = 0;
  std::size_t map_bytes_ = 0;  // of the four maps
  std::size_t segment_bytes_ = 0;
  // The segment that is mapped into our own memory. One at a time: its pages are the kernel's, but count as
  // ours.
  std::uint32_t window_segment_ = 0;
  std::byte* window_ = nullptr;
  std::uint64_t* changes_ = nullptr;  // the word of changes_map_
};

}  // namespace weir::profiler
