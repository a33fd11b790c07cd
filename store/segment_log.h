// SegmentLog: records appended to a row of files in a folder. Each file is
// closed at a certain size, and the oldest are removed as wholes. A record is
// a small head, read for every record at open, and a body, read when asked for.
// Both carry a checksum. A crash costs at most the record being written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "store/read_error.h"

namespace weir::store {

// Where a record lies.
struct Place {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;  // with its frame and head

  bool operator==(const Place&) const = default;
};

struct LogContent {
  std::string head;
  std::string body;
};

// Reads records of one segment as it was when this was made, whatever happens to it meanwhile.
class SegmentReader {
 public:
  ReadResult<LogContent> read(Place place) const;

 private:
  friend class SegmentLog;
  SegmentReader(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;
  std::filesystem::path path_;
};

// One thread at a time, but for reader() and read(), which any thread may call beside it.
class SegmentLog {
 public:
  // When what was appended survives a power failure (a crash of ours it always survives).
  enum class Sync { when_closed, each };
  struct Options {
    std::filesystem::path path;  // a folder; made when missing
    std::uint32_t segment_bytes = 16u << 20;
    Sync sync = Sync::when_closed;
  };
  using Visit = std::function<void(Place place, std::string_view head)>;

  // Visits every record, oldest segment first. A torn tail is cut; a segment
  // that is corrupt is renamed to *.corrupt, and its sound records are kept in
  // its place; one of a later format, or that cannot be read now, is left alone.
  // Fails when the folder cannot be used or another process uses it.
  static Result<std::unique_ptr<SegmentLog>> open(Options options, const Visit& visit);
  // Why segments could not be read, by number: they are not among segments(), and nothing removes them.
  const std::map<std::uint32_t, std::string>& unread() const { return unread_; }
  // Tries those again, and visits the records of what can be read now.
  void read_unread(const Visit& visit);

  // Records go to the active segment; one is begun when there is none, or it has its size.
  Result<Place> append(std::string_view head, std::string_view body);
  // One behind the other in one segment: all of them, or none.
  struct Record {
    std::string_view head, body;
  };
  Result<std::vector<Place>> append_all(std::span<const Record> records);
  // 0: none.
  std::uint32_t active() const { return active_number_; }
  // Whether the next record would begin a new segment; so it is too when somebody has removed the file.
  bool would_begin();
  void close_active();

  ReadResult<SegmentReader> reader(std::uint32_t segment) const;
  ReadResult<LogContent> read(Place place) const;
  // The heads of a segment's records, as far as they are sound; fails when not all can be read.
  Result<> visit_heads(std::uint32_t segment, const Visit& visit) const;
  // Removes a segment that is not active; false when the file system refuses.
  bool remove(std::uint32_t segment);
  // Knows nothing of such a segment any more; the file stays.
  void leave_alone(std::uint32_t segment) { forget(segment); }
  // After read() failed. Where any byte is damaged, sets the segment aside and visits its sound records at
  // their new places; true then, and when the file is gone. False when all are sound. Fails, and changes
  // nothing, when the file cannot be read or its sound records not be written now.
  Result<bool> salvage(std::uint32_t segment, const Visit& visit);
  // Puts other records in the place of those of a segment that is not active, all at once or, when `fill`
  // or the disk fails, none. Visits the new ones.
  using Append = std::function<Result<>(std::string_view head, std::string_view body)>;
  using Fill = std::function<Result<>(const Append& append)>;
  Result<> rewrite(std::uint32_t segment, const Fill& fill, const Visit& visit);

  // Size of each by its number.
  const std::map<std::uint32_t, std::uint64_t>& segments() const { return sizes_; }
  std::uint64_t bytes() const { return bytes_; }
  std::filesystem::path file(std::uint32_t segment) const;
  // Of files set aside or left alone, each with the reason.
  const std::vector<std::string>& set_aside() const { return set_aside_; }

 private:
  explicit SegmentLog(Options options) : options_(std::move(options)) {}

  void load_or_note(std::uint32_t segment, const Visit& visit);
  Result<> load(std::uint32_t segment, const Visit& visit);
  Result<> begin_segment();
  Result<> open_active();
  Result<> make_folder();
  void leave_if_gone();
  Result<> write_at_end(std::string_view data);
  void set_size(std::uint32_t segment, std::uint64_t bytes);
  void forget(std::uint32_t segment);

  Options options_;
  Fd lock_;
  Fd active_;  // opened at the first append
  std::uint64_t active_inode_ = 0;
  std::uint32_t active_number_ = 0;
  std::uint32_t next_number_ = 1;
  std::uint32_t newest_at_open_ = 0;  // it alone may end in what a crash has torn
  bool torn_ = false;                 // what a failed write left behind the end could not be cut
  std::map<std::uint32_t, std::uint64_t> sizes_;
  std::uint64_t bytes_ = 0;
  std::vector<std::string> set_aside_;
  std::map<std::uint32_t, std::string> unread_;
};

}  // namespace weir::store
