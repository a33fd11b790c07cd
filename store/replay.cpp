#include "store/replay.h"

#include <algorithm>

namespace weir::store {

Index::Entry index_entry(const ProfileRecord& profile, Place place) {
  return {.start = to_nanoseconds(profile.start),
          .total = profile.total,
          .place = place,
          .samples = static_cast<std::uint32_t>(std::min<std::uint64_t>(profile.samples, UINT32_MAX))};
}

void Replay::record(Place place, std::string_view head) {
  if (place.segment != segment_) {
    segment_ = place.segment;
    series_.clear();
  }
  auto decoded = decode_head(head);
  if (!decoded) {
    Strange& strange = strange_[place.segment];
    if (strange.records++ == 0) strange.why = decoded.error().message;
    return;
  }
  if (auto* series = std::get_if<SeriesRecord>(&*decoded)) {
    std::uint32_t number = index_.series_number(series->key);
    bool is_described = !index_.parts(place.segment, number).empty();
    series_[series->number] = is_described ? index_.add_series(series->key) : number;
  } else if (auto* part = std::get_if<PartRecord>(&*decoded)) {
    add(place, *part);
  } else {
    add(place, std::get<ProfileRecord>(*decoded));
  }
}

// Behind a missing part the others are of no use: they count on from it.
void Replay::add(Place place, const PartRecord& part) {
  auto series = series_.find(part.series);
  if (series == series_.end()) return;
  if (part.number == index_.parts(place.segment, series->second).size())
    index_.add_part(place.segment, series->second, place, part.stacks);
}

void Replay::add(Place place, const ProfileRecord& profile) {
  auto series = series_.find(profile.series);
  if (series == series_.end() || profile.stacks > index_.stacks(place.segment, series->second)) {
    ++lost_;
    return;
  }
  index_.add(series->second, index_entry(profile, place));
}

}  // namespace weir::store
