// pyroscope.store: keeps profiles on this machine, so that a flame graph needs
// no server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/metrics.h"
#include "components/backoff.h"
#include "components/pyroscope/inbox.h"
#include "components/pyroscope/receiver.h"
#include "components/pyroscope/store_metric_table.h"
#include "runtime/component.h"
#include "store/store.h"

namespace weir::pyroscope {

class Store {
 public:
  static constexpr std::string_view kName = "pyroscope.store";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::span<const MetricInfo> kMetrics = store_metric::kAll;
  static constexpr std::string_view kDoc =
      "Keeps profiles on this machine for weir's own page to show. What is older than the retention, or too "
      "much, is deleted, oldest first.";

  struct Arguments {
    std::string path;
    Duration retention = std::chrono::hours(24);
    std::uint64_t max_bytes = 1u << 30;
    Duration downsample_after = std::chrono::hours(6);
    Duration downsample_window = std::chrono::minutes(1);

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("path", &Arguments::path,
                         "Folder to keep the profiles in; a relative one lies below --storage.path, and "
                         "without any weir "
                         "makes one there."),
          lang::optional("retention", &Arguments::retention, "How long a profile is kept.").at_least(1),
          lang::optional("max_bytes", &Arguments::max_bytes, "How much space all of them may take.")
              .unit("bytes")
              .at_least(1 << 20),
          lang::optional(
              "downsample_after", &Arguments::downsample_after,
              "Profiles older than this are added up into coarser ones, which loses nothing but when "
              "within that time it was; 0 leaves them as they are.")
              .at_least(0),
          lang::optional("downsample_window", &Arguments::downsample_window,
                         "How much time a coarser profile covers.")
              .at_least(1),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = ReceiverExports;

  struct DebugInfo {
    std::string path;
    std::uint64_t bytes = 0, profiles = 0, segments = 0;
    std::uint64_t appended = 0, waiting = 0;
    std::uint64_t expired_age = 0, expired_bytes = 0, downsampled = 0;
    std::uint64_t dropped_queue_full = 0, write_errors = 0, refused = 0, too_large = 0;
    std::uint64_t corrupt_segments = 0, lost_corrupt = 0;
    std::vector<std::string> set_aside;
    std::uint64_t strange_segments = 0, strange_records = 0;
    std::uint64_t unreadable_segments = 0;
    std::vector<std::string> unreadable;
    std::uint64_t downsample_failures = 0;
    std::string downsample_error;
    std::string last_error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("path", &DebugInfo::path, "Where the profiles are."),
          lang::optional("bytes", &DebugInfo::bytes, "Space they take.").unit("bytes"),
          lang::optional("profiles", &DebugInfo::profiles, "How many are kept now."),
          lang::optional("segments", &DebugInfo::segments, "In how many files."),
          lang::optional("appended", &DebugInfo::appended, "Profiles written since the start."),
          lang::optional("waiting", &DebugInfo::waiting, "Profiles that wait to be written."),
          lang::optional("expired_age", &DebugInfo::expired_age, "Deleted because of their age."),
          lang::optional("expired_bytes", &DebugInfo::expired_bytes, "Deleted to make room."),
          lang::optional("downsampled", &DebugInfo::downsampled, "Became part of a coarser profile."),
          lang::optional("dropped_queue_full", &DebugInfo::dropped_queue_full,
                         "Lost because the disk was slower than the profiles came."),
          lang::optional("write_errors", &DebugInfo::write_errors, "Lost because the disk refused them."),
          lang::optional("refused", &DebugInfo::refused,
                         "Lost because they were too large, or their labels were."),
          lang::optional(
              "too_large", &DebugInfo::too_large,
              "Answers that left out what an earlier weir has written and is too much to read at once."),
          lang::optional("corrupt_segments", &DebugInfo::corrupt_segments, "Files set aside as unreadable."),
          lang::optional("lost_corrupt", &DebugInfo::lost_corrupt,
                         "Profiles that were lost with them, as far as that can be known."),
          lang::optional("set_aside", &DebugInfo::set_aside,
                         "The last of those files, and why each was set aside or left alone."),
          lang::optional("strange_segments", &DebugInfo::strange_segments,
                         "Files kept for good, because an earlier or a later weir has written something in "
                         "them that this one does not understand."),
          lang::optional("strange_records", &DebugInfo::strange_records, "How much of it there is."),
          lang::optional("unreadable_segments", &DebugInfo::unreadable_segments,
                         "Files that cannot be read or mended now; weir tries them again every 30 s."),
          lang::optional("unreadable", &DebugInfo::unreadable, "Some of those, and why."),
          lang::optional("downsample_failures", &DebugInfo::downsample_failures,
                         "Attempts to write a file anew with coarser profiles; it stays as it is meanwhile."),
          lang::optional("downsample_error", &DebugInfo::downsample_error, "Why the last of those failed."),
          lang::optional("last_error", &DebugInfo::last_error, "The last thing that went wrong."),
      };
    }
  };

  Store(runtime::Context& ctx, Arguments args);
  void start();
  void apply(Arguments args);
  void stop();

 private:
  struct Opened;

  std::filesystem::path path() const;
  store::Store::Limits limits() const;
  void open();
  void opened(Opened& result);
  void write_next();
  void expire_later();
  void report();
  void report_health(const store::Store::Stats& stats);
  void count(const store::Store::Stats& now);

  runtime::Context& ctx_;
  Arguments args_;
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<store::Store> store_;  // null: not open
  std::string error_;                    // of the last write or opening; empty: it worked
  bool opening_ = false, writing_ = false;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_, expiry_;

  store::Store::Stats counted_;  // what of store_'s stats the counters have
  std::shared_ptr<Counter> appended_, expired_age_, expired_bytes_, write_errors_, refused_, lost_corrupt_,
      lost_strange_, downsampled_;
  std::shared_ptr<Gauge> bytes_, unreadable_;
};

}  // namespace weir::pyroscope

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Store>();
