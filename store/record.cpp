#include "store/record.h"

#include <algorithm>
#include <vector>

#include "store/coding.h"
#include "store/packing.h"

namespace weir::store {
namespace {

using profile::Labels;

// The first byte of a head says what it is and in which version. 2 was a profile with all that it is made of.
constexpr std::uint8_t kSeriesV1 = 1;
constexpr std::uint8_t kProfileV2 = 3;
constexpr std::uint8_t kPartV1 = 4;

constexpr std::uint8_t kSamplesV1 = 1;        // every value is its count times the period
constexpr std::uint8_t kSamplesWithRest = 2;  // … and something more

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
  profile.stacks = in.index(UINT32_MAX);
  return profile;
}

PartRecord read_part(ByteReader& in) {
  PartRecord part;
  for (std::uint32_t* number : {&part.series, &part.number, &part.stacks}) *number = in.index(UINT32_MAX);
  return part;
}

void write(ByteWriter& out, const SeriesRecord& series) {
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
}

void write(ByteWriter& out, const PartRecord& part) {
  out.byte(kPartV1);
  for (std::uint32_t number : {part.series, part.number, part.stacks}) out.number(number);
}

void write(ByteWriter& out, const ProfileRecord& profile) {
  out.byte(kProfileV2);
  out.number(profile.series);
  out.bytes({reinterpret_cast<const char*>(profile.id.bytes.data()), profile.id.bytes.size()});
  out.signed_number(nanoseconds(profile.start));
  out.signed_number(profile.duration.count());
  out.signed_number(profile.total);
  out.number(profile.samples);
  out.number(profile.stacks);
}

// What a value is beyond its count times the period: most often nothing.
std::int64_t rest_of(const StackSum& sum, std::int64_t period) {
  auto product = static_cast<std::uint64_t>(sum.count) * static_cast<std::uint64_t>(period);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.value) - product);
}

}  // namespace

std::string encode_head(const Head& record) {
  ByteWriter out;
  std::visit([&](const auto& each) { write(out, each); }, record);
  return out.take();
}

Result<Head> decode_head(std::string_view head) {
  ByteReader in(head);
  Head record;
  std::uint8_t kind = in.byte();
  if (kind == kSeriesV1) {
    record = read_series(in);
  } else if (kind == kPartV1) {
    record = read_part(in);
  } else if (kind == kProfileV2) {
    record = read_profile(in);
  } else {
    return fail("read the head of a record: unknown kind {}", kind);
  }
  if (in.failed() || !in.at_end()) return fail("read the head of a record: damaged");
  return record;
}

std::int64_t Samples::total() const {
  std::int64_t total = 0;
  for (const StackSum& sum : sums) total = profile::add_saturating(total, sum.value);
  return total;
}

std::uint64_t Samples::count() const {
  std::uint64_t count = 0;
  for (const StackSum& sum : sums) count += static_cast<std::uint64_t>(std::max<std::int64_t>(sum.count, 0));
  return count;
}

Result<std::string> encode_samples(const Samples& samples) {
  bool rest = std::ranges::any_of(samples.sums,
                                  [&](const StackSum& sum) { return rest_of(sum, samples.period) != 0; });
  ByteWriter out;
  out.byte(rest ? kSamplesWithRest : kSamplesV1);
  out.signed_number(samples.period);
  out.number(samples.sums.size());
  std::uint32_t last = 0;
  for (const StackSum& sum : samples.sums) {
    out.number(sum.stack - last);
    last = sum.stack;
  }
  for (const StackSum& sum : samples.sums) out.signed_number(sum.count);
  if (rest) {
    for (const StackSum& sum : samples.sums) out.signed_number(rest_of(sum, samples.period));
  }
  return pack(out.take());
}

Result<Samples> decode_samples(std::string_view body) {
  auto data = unpack(body);
  if (!data) return fail(data.error());
  ByteReader in(*data);
  std::uint8_t version = in.byte();
  if (version != kSamplesV1 && version != kSamplesWithRest)
    return fail("read a stored profile: unknown version");
  Samples samples{.period = in.signed_number()};
  samples.sums.resize(in.count(2));
  std::uint32_t last = 0;
  for (StackSum& sum : samples.sums) sum.stack = last += in.index(UINT32_MAX - last);
  for (StackSum& sum : samples.sums) {
    sum.count = in.signed_number();
    sum.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.count) *
                                          static_cast<std::uint64_t>(samples.period));
  }
  if (version == kSamplesWithRest) {
    for (StackSum& sum : samples.sums)
      sum.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.value) +
                                            static_cast<std::uint64_t>(in.signed_number()));
  }
  if (in.failed() || !in.at_end()) return fail("read a stored profile: damaged");
  return samples;
}

}  // namespace weir::store
