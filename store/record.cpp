#include "store/record.h"

#include <algorithm>
#include <vector>

#include "store/coding.h"

namespace weir::store {
namespace {

using profile::Labels;
using profile::Profile;

// The first byte of a head says what it is and in which version.
constexpr std::uint8_t kSeriesV1 = 1;
constexpr std::uint8_t kProfileV1 = 2;

std::int64_t nanoseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

WallTime wall_time(std::int64_t nanoseconds) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(nanoseconds)));
}

SeriesRecord read_series(ByteReader& in) {
  SeriesRecord series;
  series.number = in.index(UINT32_MAX);
  auto& type = series.key.type;
  for (std::string* text :
       {&type.name, &type.sample_type, &type.sample_unit, &type.period_type, &type.period_unit})
    *text = in.text();
  std::vector<Labels::Pair> pairs(in.count(2));
  for (auto& [name, value] : pairs) {
    name = in.text();
    value = in.text();
  }
  series.key.labels = Labels(std::move(pairs));
  return series;
}

ProfileRecord read_profile(ByteReader& in) {
  ProfileRecord profile;
  profile.series = in.index(UINT32_MAX);
  std::string_view id = in.bytes(profile.id.bytes.size());
  std::copy(id.begin(), id.end(), profile.id.bytes.begin());
  profile.start = wall_time(in.signed_number());
  profile.duration = std::chrono::nanoseconds(in.signed_number());
  profile.total = in.signed_number();
  profile.samples = in.number();
  return profile;
}

}  // namespace

std::string encode_head(const SeriesRecord& series) {
  ByteWriter out;
  out.byte(kSeriesV1);
  out.number(series.number);
  const auto& type = series.key.type;
  for (const std::string* text :
       {&type.name, &type.sample_type, &type.sample_unit, &type.period_type, &type.period_unit})
    out.text(*text);
  out.number(series.key.labels.pairs().size());
  for (const auto& [name, value] : series.key.labels.pairs()) {
    out.text(name);
    out.text(value);
  }
  return out.take();
}

std::string encode_head(const ProfileRecord& profile) {
  ByteWriter out;
  out.byte(kProfileV1);
  out.number(profile.series);
  out.bytes({reinterpret_cast<const char*>(profile.id.bytes.data()), profile.id.bytes.size()});
  out.signed_number(nanoseconds(profile.start));
  out.signed_number(profile.duration.count());
  out.signed_number(profile.total);
  out.number(profile.samples);
  return out.take();
}

Result<std::variant<SeriesRecord, ProfileRecord>> decode_head(std::string_view head) {
  ByteReader in(head);
  std::variant<SeriesRecord, ProfileRecord> record;
  std::uint8_t kind = in.byte();
  if (kind == kSeriesV1) {
    record = read_series(in);
  } else if (kind == kProfileV1) {
    record = read_profile(in);
  } else {
    return fail("read the head of a record: unknown kind {}", kind);
  }
  if (in.failed() || !in.at_end()) return fail("read the head of a record: damaged");
  return record;
}

ProfileRecord head_of(const Profile& profile, std::uint32_t series) {
  std::uint64_t samples = 0;
  for (const profile::Sample& sample : profile.samples)
    samples += static_cast<std::uint64_t>(std::max<std::int64_t>(sample.count, 0));
  return {.series = series,
          .id = profile.id,
          .start = profile.start,
          .duration = profile.duration,
          .total = profile.total(),
          .samples = samples};
}

}  // namespace weir::store
