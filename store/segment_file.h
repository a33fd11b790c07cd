// The form of a segment on disk: a header, then records. Used by SegmentLog alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/read_error.h"
#include "store/segment_log.h"

namespace weir::store {

// Raised with every new kind of record, so that a weir who does not know it leaves the file alone.
inline constexpr std::uint32_t kSegmentVersion = 2;
inline constexpr std::size_t kMaxHead = 256u << 10;
inline constexpr std::size_t kMaxBody = 64u << 20;

// Little-endian, as it stands in the file.
struct SegmentHeader {
  char magic[8] = {'w', 'e', 'i', 'r', 's', 'e', 'g', '\n'};
  std::uint32_t version = kSegmentVersion;
  std::uint32_t reserved = 0;
};

struct RecordFrame {
  std::uint32_t head_crc = 0;  // of the rest of the frame and the head
  std::uint32_t body_crc = 0;
  std::uint32_t head_size = 0;  // never 0: a row of zeros is no record
  std::uint32_t body_size = 0;

  std::size_t size() const { return sizeof(RecordFrame) + head_size + body_size; }
};

std::string make_record_front(std::string_view head, std::string_view body);  // frame and head

enum class HeaderState { good, earlier_version, not_ours, later_version };
ReadResult<HeaderState> check_header(int fd);

struct ScanResult {
  std::uint64_t good_end = 0;  // of the last record before anything bad
  std::uint64_t bad_at = 0;    // 0: nothing bad
  bool good_after = false;     // sound records follow what is bad: no torn tail
  int refused = 0;             // errno of the file system; then nothing is known of what follows
};
enum class Verify { heads, all };
// Visits what is sound, also after what is not.
ScanResult scan_segment(int fd, std::uint32_t number, std::uint64_t size, Verify verify,
                        const SegmentLog::Visit& visit);

// The whole record, checked.
ReadResult<LogContent> read_record(int fd, Place place);

}  // namespace weir::store
