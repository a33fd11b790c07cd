#include "store/index.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include <fmt/core.h>

namespace weir::store {
namespace {

constexpr std::string_view kServiceLabel = "service_name";
constexpr std::string_view kDefaultType = "process_cpu";
constexpr std::string_view kUsualSampleType = "cpu";
constexpr std::int64_t kMaxPoints = 10'000;

// One name may stand for values of several kinds, which cannot be added: "memory" for bytes in use and for
// allocations.
std::string type_of(const SeriesKey& key) {
  std::string_view label = key.labels.get(kTypeLabel);
  std::string name(label.empty() ? std::string_view(key.type.name) : label);
  bool is_usual = key.type.sample_type == kUsualSampleType || key.type.sample_type == name;
  return is_usual ? name : fmt::format("{}:{}", name, key.type.sample_type);
}

bool matches(const Index::Series& series, const Selection& selection) {
  const SeriesKey& key = *series.key;
  std::string_view type = selection.profile_type.empty() ? kDefaultType : selection.profile_type;
  if (series.type != type) return false;
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

std::optional<std::uint32_t> Index::find_series(const SeriesKey& key) const {
  for (auto [it, end] = by_hash_.equal_range(key.labels.hash()); it != end; ++it) {
    if (*series_.at(it->second).key == key) return it->second;
  }
  return std::nullopt;
}

std::uint32_t Index::series_number(const SeriesKey& key) {
  if (auto known = find_series(key)) return *known;
  return add_series(key);
}

std::uint32_t Index::add_series(const SeriesKey& key) {
  by_hash_.emplace(key.labels.hash(), next_series_);
  Series& series = series_[next_series_];
  series.key = std::make_shared<SeriesKey>(key);
  series.type = type_of(key);
  return next_series_++;
}

void Index::add_part(std::uint32_t segment, std::uint32_t series, Place place, std::uint32_t stacks) {
  auto [found, is_new] = parts_.try_emplace({segment, series});
  if (is_new) ++series_.at(series).dictionaries;
  Parts& parts = found->second;
  parts.places.push_back(place);
  parts.stacks = stacks;
}

std::uint32_t Index::stacks(std::uint32_t segment, std::uint32_t series) const {
  auto found = parts_.find({segment, series});
  return found == parts_.end() ? 0 : found->second.stacks;
}

std::vector<Place> Index::parts(std::uint32_t segment, std::uint32_t series) const {
  auto found = parts_.find({segment, series});
  return found == parts_.end() ? std::vector<Place>() : found->second.places;
}

void Index::add(std::uint32_t series, const Entry& entry) {
  Series& its = series_.at(series);
  its.is_expected = false;
  std::deque<Entry>& entries = its.entries;
  if (entries.empty() || entries.back().start <= entry.start) {
    entries.push_back(entry);
  } else {
    entries.insert(std::lower_bound(entries.begin(), entries.end(), entry.start, starts_before), entry);
  }
  Segment& segment = segments_[entry.place.segment];
  ++segment.profiles;
  segment.newest = std::max(segment.newest, entry.start);
  ++profiles_;
}

void Index::forget(const Entry& entry) {
  auto segment = segments_.find(entry.place.segment);
  if (--segment->second.profiles == 0) segments_.erase(segment);
  --profiles_;
}

void Index::forget_parts(std::uint32_t segment, std::uint32_t series) {
  if (parts_.erase({segment, series}) > 0) --series_.at(series).dictionaries;
}

void Index::drop_unused_series() {
  std::erase_if(by_hash_, [&](const auto& item) { return !series_.at(item.second).is_used(); });
  std::erase_if(series_, [](const auto& item) { return !item.second.is_used(); });
}

std::uint32_t Index::expect(const SeriesKey& key) {
  std::uint32_t number = series_number(key);
  series_.at(number).is_expected = true;
  return number;
}

void Index::give_up(std::uint32_t series) {
  auto found = series_.find(series);
  found->second.is_expected = false;
  if (found->second.is_used()) return;
  std::erase_if(by_hash_, [&](const auto& item) { return item.second == series; });
  series_.erase(found);
}

std::size_t Index::forget_segment(std::uint32_t segment) {
  std::uint64_t before = profiles_;
  for (auto& [number, series] : series_) {
    forget_parts(segment, number);
    std::erase_if(series.entries, [&](const Entry& entry) {
      if (entry.place.segment != segment) return false;
      forget(entry);
      return true;
    });
  }
  drop_unused_series();
  return before - profiles_;
}

std::size_t Index::forget_group(std::uint32_t segment, std::uint32_t series) {
  auto found = series_.find(series);
  if (found == series_.end()) return 0;
  std::uint64_t before = profiles_;
  forget_parts(segment, series);
  std::erase_if(found->second.entries, [&](const Entry& entry) {
    if (entry.place.segment != segment) return false;
    forget(entry);
    return true;
  });
  drop_unused_series();
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
  if (before != profiles_) drop_unused_series();
  return before - profiles_;
}

Index::Group Index::make_group(std::uint32_t segment, std::uint32_t series) const {
  return {.segment = segment,
          .series = series,
          .key = series_.at(series).key,
          .parts = parts(segment, series),
          .entries = {}};
}

// The series may have another number now: it is forgotten with the last of its profiles.
Index::Group Index::find_again(const Group& group, TimeRange range) const {
  auto number = series_.contains(group.series) ? group.series : find_series(*group.key);
  if (!number) return {};
  Group again = make_group(group.segment, *number);
  auto [first, last] = entries_in(series_.at(*number).entries, range);
  for (; first != last; ++first)
    if (first->place.segment == group.segment) again.entries.push_back(*first);
  std::ranges::sort(again.entries, {}, [](const Entry& entry) { return entry.place.offset; });
  return again;
}

template <class Use>
void Index::for_each(const Selection& selection, Use use) const {
  for (const auto& [number, series] : series_) {
    if (!matches(series, selection)) continue;
    auto [first, last] = entries_in(series.entries, selection.range);
    for (; first != last; ++first) use(number, *first);
  }
}

std::vector<ServiceSummary> Index::services(TimeRange range) const {
  std::map<std::pair<std::string_view, std::string_view>, ServiceSummary> summaries;
  for (const auto& [number, series] : series_) {
    auto [first, last] = entries_in(series.entries, range);
    if (first == last) continue;
    const SeriesKey& key = *series.key;
    std::string_view service = key.labels.get(kServiceLabel);
    ServiceSummary& summary = summaries[{service, series.type}];
    if (summary.profiles == 0) {
      summary.service = service;
      summary.profile_type = series.type;
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

std::vector<Index::Group> Index::find(const Selection& selection) const {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Group> groups;
  for_each(selection, [&](std::uint32_t series, const Entry& entry) {
    std::uint32_t segment = entry.place.segment;
    auto [group, is_new] = groups.try_emplace({segment, series});
    if (is_new) group->second = make_group(segment, series);
    group->second.entries.push_back(entry);
  });
  std::vector<Group> list;
  for (auto& [key, group] : groups) {
    std::ranges::sort(group.entries, {}, [](const Entry& entry) { return entry.place.offset; });
    list.push_back(std::move(group));
  }
  return list;
}

std::vector<Index::Group> Index::find_segment(std::uint32_t segment) const {
  std::vector<Group> groups;
  for (const auto& [number, series] : series_) {
    Group group = make_group(segment, number);
    std::ranges::copy_if(series.entries, std::back_inserter(group.entries),
                         [&](const Entry& entry) { return entry.place.segment == segment; });
    if (!group.entries.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<LabelShare> Index::breakdown(const Selection& selection, const std::string& label) const {
  std::map<std::pair<std::string_view, std::string_view>, LabelShare> shares;  // by value and unit
  std::optional<std::uint32_t> last;
  LabelShare* share = nullptr;
  for_each(selection, [&](std::uint32_t series, const Entry& entry) {
    if (last != series) {
      const SeriesKey& key = *series_.at(series).key;
      share = &shares[{key.labels.get(label), key.type.sample_unit}];
      last = series;
    }
    share->total = profile::add_saturating(share->total, entry.total);
    share->samples += entry.samples;
    ++share->profiles;
  });
  std::vector<LabelShare> list;
  for (auto& [key, found] : shares) {
    found.value = key.first;
    found.unit = key.second;
    list.push_back(std::move(found));
  }
  std::ranges::sort(list, [](const LabelShare& a, const LabelShare& b) {
    return std::tie(b.total, a.value) < std::tie(a.total, b.value);
  });
  return list;
}

std::vector<SeriesPoint> Index::sums(const Selection& selection, Duration step) const {
  std::int64_t oldest = INT64_MAX;
  std::int64_t newest = INT64_MIN;
  for_each(selection, [&](std::uint32_t, const Entry& entry) {
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
  for_each(selection, [&](std::uint32_t, const Entry& entry) {
    SeriesPoint& point = points[static_cast<std::size_t>((entry.start - begin) / width)];
    point.value = profile::add_saturating(point.value, entry.total);
  });
  return points;
}

}  // namespace weir::store
