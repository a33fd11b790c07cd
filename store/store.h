// Profiles kept on this machine: appended as they come, found again by
// service and time. Every method may be called on any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "profile/flame.h"
#include "profile/profile.h"

namespace weir::store {

struct TimeRange {
  WallTime from;
  WallTime until;
};

// A profile belongs to the range it begins in: ranges that meet share none.
// What to look at: all labels given must match exactly. `service` is the label
// service_name; `profile_type` the label __name__, with ":" and the sample type behind it where that is
// another one
// ("memory:inuse_space"); an empty one means process_cpu.
struct Selection {
  std::string service;
  std::string profile_type;
  std::vector<std::pair<std::string, std::string>> labels;
  TimeRange range;
};

struct ServiceSummary {
  std::string service;
  std::string profile_type;
  std::string unit;
  std::int64_t total = 0;      // over the range, in `unit`
  std::uint64_t profiles = 0;  // how many
  std::uint64_t samples = 0;
  WallTime first;  // of the oldest and of the newest profile in the range
  WallTime last;
};

struct SeriesPoint {
  WallTime time;
  std::int64_t value = 0;  // sum of the step that begins at `time`
};

struct LabelShare {
  std::string value;  // of the label; "" where there is none
  std::string unit;
  std::int64_t total = 0;  // in `unit`
  std::uint64_t profiles = 0;
  std::uint64_t samples = 0;
};

// The reading side; what a page sees of a store.
class Querier {
 public:
  virtual ~Querier() = default;

  // Largest total first.
  virtual std::vector<ServiceSummary> services(TimeRange range) const = 0;
  virtual Result<profile::FlameTree> flame(const Selection& selection, std::size_t max_nodes) const = 0;
  // From the first profile to the last without a gap; at most 10,000 points (the step doubles until
  // they suffice). Steps begin at multiples of `step` since 1970.
  virtual std::vector<SeriesPoint> series(const Selection& selection, Duration step) const = 0;
  // What is selected by the values of one label, the largest total first.
  virtual std::vector<LabelShare> breakdown(const Selection& selection, const std::string& label) const = 0;
  // All selected profiles merged into one, with the labels they have alike; without samples when
  // there are none. Here and in flame() what cannot be read is left out, and counted in Stats.
  virtual Result<profile::Profile> merge(const Selection& selection) const = 0;
  // Another whenever profiles have come or gone; at once.
  virtual std::uint64_t revision() const = 0;
};

class Store : public Querier {
 public:
  struct Limits {
    Duration retention = std::chrono::hours(24);
    std::uint64_t max_bytes = 1u << 30;
    // Profiles older than this are added up to one for each series and `coarse_window`; zero: never.
    Duration coarse_after{};
    Duration coarse_window = std::chrono::minutes(1);

    bool operator==(const Limits&) const = default;
  };
  struct Options {
    std::filesystem::path path;  // a folder; made when missing
    Limits limits;
  };
  struct Stats {
    std::uint64_t bytes = 0;     // on disk
    std::uint64_t profiles = 0;  // kept now
    std::uint64_t series = 0;    // known
    std::uint64_t segments = 0;
    std::uint64_t appended = 0;          // since open
    std::uint64_t expired_age = 0;       // profiles dropped because of `retention` since open
    std::uint64_t expired_bytes = 0;     // … because of `max_bytes`
    std::uint64_t merged = 0;            // profiles that became part of a coarser one
    std::uint64_t corrupt_segments = 0;  // set aside at open or found while reading
    std::uint64_t lost_corrupt = 0;      // profiles that were lost with them, as far as that can be known
    std::uint64_t write_errors = 0;      // profiles lost to the disk
    std::uint64_t refused = 0;           // profiles that are more than a store takes of one
    std::uint64_t too_large = 0;         // answers that left out what is more than is read at once
    std::vector<std::string> set_aside;  // the last few files set aside or left alone, and why
    // Segments of which something is sound and yet not understood: they are never deleted.
    std::uint64_t strange_segments = 0;
    std::uint64_t strange_records = 0;  // found at open or later, as of an earlier or a later weir
    std::uint64_t coarse_failures = 0;  // attempts to make a segment's profiles coarser
    std::string coarse_error;           // of the last
    // Segments that cannot be read or mended now; expire() tries them again.
    std::uint64_t unreadable_segments = 0;
    std::vector<std::string> unreadable;  // a few of them, and why
  };

  // Reads the index of what is there; never deletes what it cannot read. One store for a folder:
  // fails while another one, of whatever process, is open.
  static Result<std::unique_ptr<Store>> open(Options options);

  ~Store() override = default;

  // Labels that begin with "__", but for __name__, are not kept.
  // A profile that the disk refuses, or that is too large, is lost and counted; the next one is tried again.
  virtual Result<> append(const profile::Profile& profile) = 0;
  // Applies age and size; `now` as the clock says. Of old profiles it merges those of one segment a call.
  virtual void expire(WallTime now) = 0;
  // At once; they take effect with the next append() or expire().
  virtual void set_limits(const Limits& limits) = 0;
  virtual Stats stats() const = 0;
};

}  // namespace weir::store
