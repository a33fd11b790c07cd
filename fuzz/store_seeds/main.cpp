// Writes records as the store makes them to standard output, each after its length: what store_record_fuzz
// starts from.
#include <cstdint>
#include <cstdio>
#include <string>

#include "store/dictionary.h"
#include "store/packing.h"
#include "store/record.h"
#include "tests/profile/sample_profile.h"

namespace weir::store {
namespace {

using profile::Profile;

// The first byte says which of the target's parsers is meant.
void write(char parser, const std::string& record) {
  auto size = static_cast<std::uint32_t>(1 + record.size());
  std::fwrite(&size, sizeof size, 1, stdout);
  std::fputc(parser, stdout);
  std::fwrite(record.data(), 1, record.size(), stdout);
}

// Every kind of frame, with and without a name, on stacks that have much in common.
Profile many_stacks(std::uint32_t count) {
  Profile p = profile::testing::sample_profile();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto kind =
        static_cast<profile::FrameKind>(i % (1 + static_cast<std::uint32_t>(profile::FrameKind::unknown)));
    auto no_name =
        static_cast<profile::NoName>(i % (1 + static_cast<std::uint32_t>(profile::NoName::evicted)));
    p.frames.push_back({kind, no_name, i % 3, 0x1000u * i, {{"function_" + std::to_string(i), "file", i}}});
    profile::Stack stack{.complete = i % 2 == 0, .truncated = i % 3 == 0};
    for (std::uint32_t k = 0; k <= i % 20; ++k) stack.frames.push_back((i * k + i) % (6 + i));
    p.samples.push_back({static_cast<std::uint32_t>(p.stacks.size()), p.period * i + i % 2, i});
    p.stacks.push_back(std::move(stack));
  }
  return p;
}

void write_records(const Profile& profile) {
  Dictionary dictionary;
  Samples samples{.period = profile.period, .sums = dictionary.add(profile)};
  write(0, encode_head(SeriesRecord{3, {profile.labels, profile.type}}));
  write(0, encode_head(PartRecord{.series = 3, .number = 1, .stacks = dictionary.stacks()}));
  write(0, encode_head(ProfileRecord{.series = 3,
                                     .id = profile.id,
                                     .start = profile.start,
                                     .duration = profile.duration,
                                     .total = samples.total(),
                                     .samples = samples.count(),
                                     .stacks = samples.stacks()}));
  std::string packed = encode_samples(samples).value();
  write(1, packed);
  write(2, unpack(packed).value());
  write(3, dictionary.whole());
}

}  // namespace
}  // namespace weir::store

int main() {
  using namespace weir::store;
  write_records({});
  for (std::uint32_t count : {0u, 1u, 10u, 100u}) write_records(many_stacks(count));
}
