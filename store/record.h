// How profiles stand in the store's log. A segment describes each series
// (labels and type) once, and what its profiles are made of in parts of a
// dictionary; a profile's head names its series by number and has what the index
// needs, its body the rest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "profile/profile.h"
#include "store/dictionary.h"

namespace weir::store {

// Of all profiles of one target and type.
struct SeriesKey {
  profile::Labels labels;
  profile::ProfileType type;

  bool operator==(const SeriesKey&) const = default;
};

struct SeriesRecord {
  std::uint32_t number = 0;  // within its segment
  SeriesKey key;
};

// Its body is a packed part of the series' dictionary.
struct PartRecord {
  std::uint32_t series = 0;  // number of a SeriesRecord before it in the same segment
  std::uint32_t number = 0;  // how many parts of this series stand before it
  std::uint32_t stacks = 0;  // of the dictionary with this part
};

struct ProfileRecord {
  std::uint32_t series = 0;  // as in PartRecord
  profile::ProfileId id;
  WallTime start;
  Duration duration{};
  std::int64_t total = 0;
  std::uint64_t samples = 0;
  std::uint32_t stacks = 0;  // it needs of the dictionary
};

using Head = std::variant<SeriesRecord, PartRecord, ProfileRecord>;
std::string encode_head(const Head& record);
Result<Head> decode_head(std::string_view head);

// The samples of a profile, and its period.
struct Samples {
  std::int64_t period = 0;
  std::vector<StackSum> sums;  // by stack

  std::int64_t total() const;
  std::uint64_t count() const;
  std::uint32_t stacks() const { return sums.empty() ? 0 : sums.back().stack + 1; }
};
Result<std::string> encode_samples(const Samples& samples);
// The bytes may be anything.
Result<Samples> decode_samples(std::string_view body);

}  // namespace weir::store
