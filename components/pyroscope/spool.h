// Spool: keeps what pyroscope.write has still to deliver, on the disk and, as
// far as there is room, in memory. A profile is written once, whatever the
// number of endpoints; a record behind it says which endpoint is done with it.
// So endpoints may take profiles in any order, and an old segment is removed
// when nobody waits for anything in it. Lives on its component's strand.
//
// Where the disk does not work, profiles stay in memory, and are written as
// soon as it works again.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "components/pyroscope/push_request.h"
#include "components/pyroscope/spool_disk.h"
#include "runtime/context.h"

namespace weir::pyroscope {

// A profile on its way to the endpoints.
struct Parcel {
  PushRequestPtr request;    // null: on the disk only
  store::Place place;        // segment 0: not on the disk
  std::uint64_t number = 0;  // there
  WallTime start;            // of the profile
  MonoTime handed_out;       // to the endpoints; default: by an earlier run
  std::uint64_t profile_bytes = 0, raw_bytes = 0;
  std::uint32_t waiting_for = 0;  // endpoints that are not done with it
  std::uint32_t flights = 0;      // requests it is in
  bool is_being_written = false;
  const char* lost = nullptr;  // the reason: no endpoint may take it any more
};
using ParcelPtr = std::shared_ptr<Parcel>;
ParcelPtr make_parcel(PushRequestPtr request);

class Spool {
 public:
  struct Limits {
    std::uint64_t max_bytes = 0;  // on the disk; 0: the disk is not used
    Duration max_age{};
    std::size_t memory_count = 2048;       // of what is not on the disk
    std::size_t memory_bytes = 32u << 20;  // of all that is in memory
    std::size_t most_parcels = 500'000;    // each takes up to 200 bytes of memory
    bool operator==(const Limits&) const = default;
  };
  struct Restored {
    ParcelPtr parcel;
    std::vector<std::string> done_by;
  };
  struct Events {
    std::function<void(std::vector<Restored>)> restored;  // oldest first
    std::function<void()> sweep;                          // some parcels are lost
    std::function<void()> changed;                        // of stats()
  };
  struct Stats {
    std::uint64_t bytes = 0, segments = 0, parcels = 0, memory_bytes = 0;
    std::uint64_t set_aside = 0;
    bool on_disk = false;
    std::string error;  // why it is in memory only
    MonoTime error_since;
  };
  using Loaded = std::function<void(std::vector<SpoolDisk::Loaded>)>;

  Spool(runtime::Context& ctx, Limits limits, Events events)
      : ctx_(ctx), limits_(limits), events_(std::move(events)) {}

  void open(std::filesystem::path folder);
  void set_limits(Limits limits);
  // The endpoints have it in their queues.
  void keep(const ParcelPtr& parcel);
  // An endpoint has delivered it or given it up. `then` runs once that is on the disk, or cannot be.
  void done(const ParcelPtr& parcel, const std::string& endpoint, std::function<void()> then);
  void load(const std::vector<ParcelPtr>& parcels, Loaded loaded);
  // What is too old is lost.
  void expire();
  // Whether the disk has what it is to have, or does not work.
  bool is_idle() const { return !disk_ || retry_ || (!running_ && !has_work()); }
  // From here on nothing goes to the pool; finish() writes what is left, now, and what cannot be written is
  // lost. For stop().
  void end() { is_ending_ = true; }
  void finish(Duration patience);
  Stats stats() const;

 private:
  struct Segment {
    std::vector<ParcelPtr> parcels;
    std::size_t live = 0;
    std::uint64_t bytes = 0;
  };
  struct Done {
    ParcelPtr parcel;
    std::string endpoint;
    std::function<void()> then;
  };
  struct Running;

  void pump();
  void watch();
  std::shared_ptr<Running> next_job();
  void take_unwritten(Running& running);
  void take_done(Running& running);
  void find_unneeded(Running& running);
  bool has_work() const;
  void finished(Running& running);
  void opened(SpoolDisk::Job& job);
  void lost_the_disk();
  void set_error(std::string error);
  void forget_done();
  void lose_what_is_in_memory();
  void enter(const ParcelPtr& parcel);
  void shrink_memory();
  void shrink_unwritten();
  void shrink_disk();
  void lose(Segment& segment, const char* reason);
  void release(std::vector<Done>& done);

  runtime::Context& ctx_;
  Limits limits_;
  Events events_;
  std::shared_ptr<SpoolDisk> disk_;
  std::shared_ptr<const store::SegmentLog> log_;

  std::map<std::uint32_t, Segment> segments_;
  std::deque<ParcelPtr> unwritten_;  // oldest first; also those that nobody waits for any more
  std::deque<ParcelPtr> resident_;   // with their request in memory, oldest first
  std::uint64_t resident_bytes_ = 0;
  std::size_t live_ = 0;  // on the disk
  std::vector<Done> done_;
  std::shared_ptr<Running> running_;
  bool needs_removal_ = false;
  bool was_opened_ = false;
  bool is_ending_ = false;
  std::uint32_t active_ = 0;
  runtime::Timer retry_, watchdog_;
  Stats stats_;
};

}  // namespace weir::pyroscope
