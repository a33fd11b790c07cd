#include "store/index.h"

#include <algorithm>
#include <tuple>

namespace weir::store {
namespace {

constexpr std::string_view kServiceLabel = "service_name";
constexpr std::string_view kDefaultType = "process_cpu";
constexpr std::int64_t kMaxPoints = 10'000;

std::string_view type_of(const SeriesKey& key) {
  std::string_view label = key.labels.get(kTypeLabel);
  return label.empty() ? std::string_view(key.type.name) : label;
}

bool matches(const SeriesKey& key, const Selection& selection) {
  std::string_view type = selection.profile_type.empty() ? kDefaultType : selection.profile_type;
  if (type_of(key) != type) return false;
  if (!selection.service.empty() && key.labels.get(kServiceLabel) != selection.service) return false;
  return std::all_of(selection.labels.begin(), selection.labels.end(),
                     [&](const auto& label) { return key.labels.get(label.first) == label.second; });
}

bool starts_before(const Index::Entry& entry, std::int64_t start) {
  return entry.start < start;
}

// A profile belongs to the range it begins in.
auto entries_in(const std::deque<Index::Entry>& entries, TimeRange range) {
  auto first = std::lower_bound(entries.begin(), entries.end(), to_nanoseconds(range.from), starts_before);
  auto last = std::lower_bound(first, entries.end(), to_nanoseconds(range.until), starts_before);
  return std::pair(first, last);
}

}  // namespace

std::int64_t to_nanoseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

WallTime from_nanoseconds(std::int64_t nanoseconds) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(nanoseconds)));
}

std::uint32_t Index::series_number(const SeriesKey& key) {
  std::uint64_t hash = key.labels.hash();
  for (auto [it, end] = by_hash_.equal_range(hash); it != end; ++it) {
    if (*series_.at(it->second).key == key) return it->second;
  }
  by_hash_.emplace(hash, next_series_);
  series_[next_series_].key = std::make_shared<SeriesKey>(key);
  return next_series_++;
}

void Index::add(std::uint32_t series, const Entry& entry) {
  std::deque<Entry>& entries = series_.at(series).entries;
  if (entries.empty() || entries.back().start <= entry.start) {
    entries.push_back(entry);
  } else {
    entries.insert(std::lower_bound(entries.begin(), entries.end(), entry.start, starts_before), entry);
  }
  ++by_segment_[entry.place.segment];
  ++profiles_;
}

void Index::forget(const Entry& entry) {
  auto count = by_segment_.find(entry.place.segment);
  if (--count->second == 0) by_segment_.erase(count);
  --profiles_;
}

void Index::drop_empty_series() {
  std::erase_if(by_hash_, [&](const auto& item) { return series_.at(item.second).entries.empty(); });
  std::erase_if(series_, [](const auto& item) { return item.second.entries.empty(); });
}

std::size_t Index::forget_segment(std::uint32_t segment) {
  std::uint64_t before = profiles_;
  if (!by_segment_.contains(segment)) return 0;
  for (auto& [number, series] : series_) {
    std::erase_if(series.entries, [&](const Entry& entry) {
      if (entry.place.segment != segment) return false;
      forget(entry);
      return true;
    });
  }
  drop_empty_series();
  return before - profiles_;
}

std::size_t Index::forget_before(std::int64_t start) {
  std::uint64_t before = profiles_;
  for (auto& [number, series] : series_) {
    while (!series.entries.empty() && series.entries.front().start < start) {
      forget(series.entries.front());
      series.entries.pop_front();
    }
  }
  if (before != profiles_) drop_empty_series();
  return before - profiles_;
}

std::optional<Place> Index::locate(const Found& found) const {
  for (auto [it, end] = by_hash_.equal_range(found.key->labels.hash()); it != end; ++it) {
    const Series& series = series_.at(it->second);
    if (*series.key != *found.key) continue;
    const Entry& sought = found.entry;
    auto entry = std::lower_bound(series.entries.begin(), series.entries.end(), sought.start, starts_before);
    for (; entry != series.entries.end() && entry->start == sought.start; ++entry)
      if (entry->total == sought.total && entry->samples == sought.samples) return entry->place;
  }
  return std::nullopt;
}

template <class Use>
void Index::for_each(const Selection& selection, Use use) const {
  for (const auto& [number, series] : series_) {
    if (!matches(*series.key, selection)) continue;
    auto [first, last] = entries_in(series.entries, selection.range);
    for (; first != last; ++first) use(series, *first);
  }
}

std::vector<ServiceSummary> Index::services(TimeRange range) const {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, ServiceSummary> summaries;
  for (const auto& [number, series] : series_) {
    auto [first, last] = entries_in(series.entries, range);
    if (first == last) continue;
    const SeriesKey& key = *series.key;
    std::string_view service = key.labels.get(kServiceLabel);
    ServiceSummary& summary = summaries[{service, type_of(key), key.type.sample_unit}];
    if (summary.profiles == 0) {
      summary.service = service;
      summary.profile_type = type_of(key);
      summary.unit = key.type.sample_unit;
      summary.first = summary.last = from_nanoseconds(first->start);
    }
    summary.first = std::min(summary.first, from_nanoseconds(first->start));
    summary.last = std::max(summary.last, from_nanoseconds((last - 1)->start));
    for (; first != last; ++first) {
      summary.total = profile::add_saturating(summary.total, first->total);
      summary.samples += first->samples;
      ++summary.profiles;
    }
  }
  std::vector<ServiceSummary> list;
  for (auto& [key, summary] : summaries) list.push_back(std::move(summary));
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return std::tie(b.total, a.service, a.profile_type) < std::tie(a.total, b.service, b.profile_type);
  });
  return list;
}

std::vector<Index::Found> Index::find(const Selection& selection) const {
  std::vector<Found> found;
  for_each(selection,
           [&](const Series& series, const Entry& entry) { found.push_back({series.key, entry}); });
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    const Place& x = a.entry.place;
    const Place& y = b.entry.place;
    return std::tie(x.segment, x.offset) < std::tie(y.segment, y.offset);
  });
  return found;
}

std::vector<SeriesPoint> Index::sums(const Selection& selection, Duration step) const {
  std::int64_t oldest = INT64_MAX;
  std::int64_t newest = INT64_MIN;
  for_each(selection, [&](const Series&, const Entry& entry) {
    oldest = std::min(oldest, entry.start);
    newest = std::max(newest, entry.start);
  });
  if (oldest > newest || step <= Duration::zero()) return {};
  std::int64_t width = step.count();
  while ((newest - oldest) / width >= kMaxPoints) width *= 2;
  // Steps lie where they would lie without the others, so that a later question gets the same ones.
  std::int64_t begin = oldest - ((oldest % width) + width) % width;
  std::vector<SeriesPoint> points(static_cast<std::size_t>((newest - begin) / width + 1));
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i].time = from_nanoseconds(begin + static_cast<std::int64_t>(i) * width);
  for_each(selection, [&](const Series&, const Entry& entry) {
    SeriesPoint& point = points[static_cast<std::size_t>((entry.start - begin) / width)];
    point.value = profile::add_saturating(point.value, entry.total);
  });
  return points;
}

}  // namespace weir::store
