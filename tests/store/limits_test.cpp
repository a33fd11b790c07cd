// Profiles made to be too much: in size, or of what is slow to tell apart.
#include <time.h>

#include "store/merge.h"
#include "store/packing.h"
#include "store/record.h"
#include "store/segment_log.h"
#include "support.h"

namespace weir::store {
namespace {

constexpr std::uint32_t kDeep = 65'000;
constexpr std::uint32_t kPerStack = kDeep + 1;  // frames

// As many stacks, of a leaf of their own on one deep chain.
profile::Profile deep_profile(std::uint32_t stacks, int seconds, std::uint64_t address = 0) {
  profile::Profile p;
  p.id = profile::ProfileId::random();
  p.labels = profile_of("a", 0).labels;
  p.start = at(seconds);
  p.period = 1;
  for (std::uint32_t i = 0; i < kDeep + stacks; ++i)
    p.frames.push_back({.address = i < kDeep ? i : address + i});
  for (std::uint32_t i = 0; i < stacks; ++i) {
    profile::Stack stack{.frames = {kDeep + i}, .complete = true};
    for (std::uint32_t k = 0; k < kDeep; ++k) stack.frames.push_back(k);
    p.stacks.push_back(std::move(stack));
    p.samples.push_back({.stack = i, .value = 1, .count = 1});
  }
  return p;
}

TEST_CASE("a profile with too many frames is refused, and one more than a segment takes begins another") {
  constexpr std::uint32_t kMost = Dictionary::kMaxFrames / kPerStack;
  TempFolder folder;
  auto store = open_store(folder.path(), std::chrono::hours(1), 64 << 20);
  auto refused = store->append(deep_profile(kMost + 1, 0));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == fmt::format("keep a profile: its stacks have {} frames, more than {}",
                                               (kMost + 1) * kPerStack, Dictionary::kMaxFrames));
  CHECK(store->stats().refused == 1);
  CHECK(store->stats().write_errors == 0);
  CHECK(store->stats().segments == 0);

  append(*store, deep_profile(kMost / 2 + 10, 1));
  CHECK(store->stats().segments == 1);
  append(*store, deep_profile(kMost / 2 + 10, 2, 1'000'000));
  CHECK(store->stats().segments == 2);
  store.reset();
  store = open_store(folder.path(), std::chrono::hours(1), 64 << 20);
  append(*store, deep_profile(3, 3));  // which of the stacks have samples is not known any more
  CHECK(store->flame(everything("a"), 1000)->total() == 2 * (kMost / 2 + 10) + 3);
  auto stats = store->stats();
  CHECK(stats.profiles == 3);
  CHECK(stats.lost_corrupt == 0);
  CHECK(stats.too_large == 0);
}

TEST_CASE("more than is read at once is left out and counted, and not taken for damaged") {
  constexpr std::uint32_t kStacks = Dictionary::kMaxFrames / kPerStack + 1;
  TempFolder folder;
  {
    auto log = SegmentLog::open({.path = folder.path()}, [](Place, std::string_view) {}).value();
    auto profile = deep_profile(kStacks, 0);
    Dictionary dictionary;
    Samples samples{.period = 1, .sums = dictionary.add(profile)};
    ProfileRecord head{.start = profile.start,
                       .total = samples.total(),
                       .samples = samples.count(),
                       .stacks = samples.stacks()};
    REQUIRE(log->append(encode_head(SeriesRecord{0, {profile.labels, profile.type}}), ""));
    REQUIRE(log->append(encode_head(PartRecord{.stacks = dictionary.stacks()}),
                        pack(dictionary.unwritten()).value()));
    REQUIRE(log->append(encode_head(head), encode_samples(samples).value()));
  }
  auto store = open_store(folder.path());
  for (int round = 1; round <= 2; ++round) {
    CHECK(store->flame(everything("a"), 100)->total() == 0);
    auto stats = store->stats();
    CHECK(stats.too_large == static_cast<std::uint64_t>(round));
    CHECK(stats.profiles == 1);
    CHECK(stats.lost_corrupt == 0);
    CHECK(stats.corrupt_segments == 0);
    CHECK(stats.strange_segments == 0);
  }
  store->expire(at(100'000));
  CHECK(store->stats().segments == 0);
}

double seconds_to_merge(const profile::Profile& profile) {
  auto cpu_now = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  };
  double start = cpu_now();
  Merger merger;
  merger.add(profile);
  return cpu_now() - start;
}

TEST_CASE("frames made to look alike take no longer to merge than others") {
  auto made_of = [](bool alike) {
    profile::Profile p;
    for (int i = 0; i < 20'000; ++i) {
      std::string name = "function_" + std::to_string(i);
      p.frames.push_back({.lines = {{.function = name, .file = alike ? name : "file"}}});
    }
    return p;
  };
  CHECK(seconds_to_merge(made_of(true)) < 20 * seconds_to_merge(made_of(false)) + 0.01);
}

}  // namespace
}  // namespace weir::store
