// The part of a Spool that runs on the pool: a log that holds each profile
// once, under a number, and of each endpoint the numbers it is done with.
// One job at a time.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "components/pyroscope/push_request.h"
#include "store/segment_log.h"

namespace weir::pyroscope {

class SpoolDisk {
 public:
  // Where a profile lies, and the number that names it wherever it lies: it never stands for another one.
  struct Entry {
    store::Place place;
    std::uint64_t number = 0;
  };
  // A profile found at open.
  struct Found {
    Entry entry;
    WallTime start;
    std::uint64_t profile_bytes = 0, raw_bytes = 0;
    std::vector<std::string> done_by;  // keys of endpoints
  };
  using Numbers = std::map<std::string, std::vector<std::uint64_t>>;  // by key of the endpoint
  struct Job {
    // ---- what to do ----
    std::vector<PushRequestPtr> append;
    Numbers done;
    std::uint32_t oldest_needed = 0;       // segments before it hold nothing anybody waits for
    std::vector<std::uint32_t> delivered;  // nor do these, behind it
    bool none_needed = false;              // no segment does

    // ---- what came of it ----
    bool is_over = false;        // it is not done again
    std::string error;           // empty: all was done
    std::vector<Entry> entries;  // of the first appended ones; where it is shorter, the rest failed
    bool done_is_written = false;
    std::vector<std::uint32_t> removed;  // of `delivered`
    bool was_opened = false;
    bool is_gone = false;  // somebody removed the folder: nothing of before is on the disk
    std::vector<Found> found;
    std::vector<std::string> set_aside, unread;
    std::shared_ptr<const store::SegmentLog> log;  // for read(); null: not open
    std::uint64_t bytes = 0;
    std::uint32_t segments = 0, active = 0;
  };

  SpoolDisk(std::filesystem::path folder, std::uint32_t segment_bytes)
      : folder_(std::move(folder)), segment_bytes_(segment_bytes) {}

  // Opens the log where it is not open, then does what the job says, unless it has been done. False, with
  // nothing done, when a job that is under way, this one or another, does not end within `patience`.
  bool run(Job& job, Duration patience);

  struct LoadError : Error {
    enum class Remedy : std::uint8_t {
      none,       // it is damaged, or gone
      few_tries,  // the disk may fail at this place for ever
      wait,       // the machine lacks something for now
    };
    Remedy remedy = Remedy::none;
  };
  using Loaded = std::expected<PushRequestPtr, LoadError>;
  // Beside anything else.
  static Loaded read(const store::SegmentLog& log, store::Place place);

 private:
  struct Range {
    std::uint64_t first = 0, last = 0;
  };

  void do_job(Job& job);
  void open(Job& job);
  void append(Job& job);
  Result<> write_done(const Numbers& done);
  void remove_unneeded(const Job& job);
  void remove_delivered(Job& job);
  Result<> save_done_of(std::uint32_t segment);
  bool is_there() const;
  void remember(const Entry& entry);

  const std::filesystem::path folder_;
  const std::uint32_t segment_bytes_;
  std::timed_mutex one_job_;  // the last job, at the stop, runs on the strand
  std::shared_ptr<store::SegmentLog> log_;
  std::uint64_t next_number_ = 1;
  std::uint64_t unread_below_ = 0;  // a profile with a lower number may lie in a segment that cannot be read
  std::map<std::uint32_t, Range> numbers_;  // of the profiles in each segment
};

}  // namespace weir::pyroscope
