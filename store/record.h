// How profiles stand in the store's log. A segment describes each series
// (labels and type) once; a profile's head names its series by number and has
// what the index needs, its body the rest, compressed by zstd.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "profile/profile.h"

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

struct ProfileRecord {
  std::uint32_t series = 0;  // number of a SeriesRecord before it in the same segment
  profile::ProfileId id;
  WallTime start;
  Duration duration{};
  std::int64_t total = 0;
  std::uint64_t samples = 0;
};

std::string encode_head(const SeriesRecord& series);
std::string encode_head(const ProfileRecord& profile);
Result<std::variant<SeriesRecord, ProfileRecord>> decode_head(std::string_view head);

ProfileRecord head_of(const profile::Profile& profile, std::uint32_t series);

// Everything of a profile that is neither in its head nor in its series.
std::string encode_body(const profile::Profile& profile);
// Fills in what encode_body() took; the bytes may be anything.
Result<> decode_body(std::string_view body, profile::Profile& profile);

}  // namespace weir::store
