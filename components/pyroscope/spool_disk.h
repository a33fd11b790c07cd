// The part of a Spool that runs on the pool: a log that holds each profile
// once, and which endpoint is done with it. One job at a time.
#pragma once

#include <cstdint>
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
  // A profile found at open.
  struct Found {
    store::Place place;
    WallTime start;
    std::uint64_t profile_bytes = 0, raw_bytes = 0;
    std::vector<std::string> done_by;  // keys of endpoints
  };
  struct Job {
    // ---- what to do ----
    std::vector<PushRequestPtr> append;
    std::map<std::string, std::vector<store::Place>> done;  // by key of the endpoint
    std::uint32_t oldest_needed = 0;  // segments before it hold nothing anybody waits for
    bool none_needed = false;         // no segment does

    // ---- what came of it ----
    std::string error;                 // empty: all was done
    std::vector<store::Place> places;  // of the first appended ones; where it is shorter, the rest failed
    bool done_is_written = false;
    bool was_opened = false;
    bool is_gone = false;  // somebody removed the folder: nothing of before is on the disk
    std::vector<Found> found;
    std::vector<std::string> set_aside;
    std::shared_ptr<const store::SegmentLog> log;  // for read(); null: not open
    std::uint64_t bytes = 0;
    std::uint32_t segments = 0, active = 0;
  };

  SpoolDisk(std::filesystem::path folder, std::uint32_t segment_bytes)
      : folder_(std::move(folder)), segment_bytes_(segment_bytes) {}

  // Opens the log where it is not open, then does what the job says. False, with nothing done, when another
  // job does not end within `patience`.
  bool run(Job& job, Duration patience);
  // Beside anything else.
  static Result<PushRequestPtr> read(const store::SegmentLog& log, store::Place place);

 private:
  void open(Job& job);
  void append(Job& job);
  void write_done(Job& job);
  void remove_unneeded(const Job& job);
  bool is_there() const;

  const std::filesystem::path folder_;
  const std::uint32_t segment_bytes_;
  std::timed_mutex one_job_;  // the last job, at the stop, runs on the strand
  std::shared_ptr<store::SegmentLog> log_;
};

}  // namespace weir::pyroscope
