// State: what the methods of a store share, and which lock guards what.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/index.h"
#include "store/segment_log.h"
#include "store/store.h"
#include "store/writer.h"

namespace weir::store {

// How far a segment is with being made coarser.
struct Coarsening {
  bool is_done = false;    // nothing is left to merge, or it never can be
  bool is_mended = false;  // what was damaged has been set aside: not a second time
  int failures = 0;
  WallTime next_try;
};

// `write` is taken before `index_mutex`, never after it; nothing touches the disk under `index_mutex`.
struct State {
  std::mutex write;  // guards log's methods but reader(), and what stands here up to the next mutex
  std::unique_ptr<SegmentLog> log;
  std::optional<Writer> writer;
  Store::Limits limits;
  std::map<std::uint32_t, Coarsening> coarse;       // by segment, as what follows
  std::map<std::uint32_t, std::string> unreadable;  // reading or mending it was refused, and why
  std::map<std::uint32_t, std::string> strange;     // it has what we do not understand: never removed

  std::mutex index_mutex;  // guards the rest
  Index index;
  std::optional<Store::Limits>
      new_limits;  // for the next one who writes: who sets them must not wait for the disk
  Store::Stats stats;

  std::atomic<std::uint64_t> revision = 0;  // of what is kept
};

// The heads of segments that were read, or written, anew.
struct Heads {
  std::vector<std::pair<Place, std::string>> list;

  SegmentLog::Visit visit() {
    return [this](Place place, std::string_view head) { list.emplace_back(place, std::string(head)); };
  }
};

}  // namespace weir::store
