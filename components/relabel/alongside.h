// Alongside: finds the chunks and targets of a list in the list that was there
// before it, by identity, then by content, at hardly any cost as long as most
// are where one expects them.
#pragma once

#include <cstddef>
#include <optional>

#include "components/discovery/target_list.h"
#include "profile/hash_index.h"

namespace weir::relabel {

// To be asked in the order of the new list.
class Alongside {
 public:
  // Where a target stands in the list before.
  struct Place {
    std::size_t chunk = 0, within = 0;
  };

  // `before` outlives it.
  explicit Alongside(const discovery::TargetList& before) : before_(before) {}

  // The chunk that the next one is likely to come from; none at the end.
  std::optional<std::size_t> next_chunk() const {
    return is_over(next_) ? std::nullopt : std::optional(next_.chunk);
  }
  std::optional<std::size_t> find(const discovery::TargetChunkPtr& chunk);
  std::optional<Place> find(const discovery::TargetPtr& target);

 private:
  bool is_over(const Place& place) const { return place.chunk == before_.chunks().size(); }
  const discovery::TargetPtr& at(const Place& place) const {
    return before_.chunks()[place.chunk]->targets()[place.within];
  }
  Place after(const Place& place) const;
  std::optional<std::size_t> anywhere(const discovery::TargetChunkPtr& chunk);
  std::optional<Place> near(const discovery::TargetPtr& target) const;
  std::optional<Place> anywhere(const discovery::TargetPtr& target);

  const discovery::TargetList& before_;
  Place next_;                                 // where the next one is expected
  std::size_t chunk_misses_ = 0, misses_ = 0;  // in a row
  std::optional<profile::HashIndex> chunk_index_, index_;
};

}  // namespace weir::relabel
