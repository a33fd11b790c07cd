#include "store/segment_file.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "store/checksum.h"

namespace weir::store {
namespace {

// How much was read: less than `size` where the file ends. An errno when the file system refuses.
std::expected<std::size_t, int> read_at(int fd, std::uint64_t offset, char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    ssize_t n = ::pread(fd, to + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

std::uint32_t head_crc(const RecordFrame& frame, std::string_view head) {
  const char* rest = reinterpret_cast<const char*>(&frame) + sizeof frame.head_crc;
  return crc32c(head, crc32c({rest, sizeof frame - sizeof frame.head_crc}));
}

// Reads records one after the other; what it read ahead serves the next small one.
class Scanner {
 public:
  Scanner(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

  // The frame at `at`, with a sound head in head(); nothing when there is none.
  std::optional<RecordFrame> frame(std::uint64_t at) {
    RecordFrame frame;
    if (size_ < sizeof frame || at > size_ - sizeof frame) return std::nullopt;
    std::string_view start = view(at, sizeof frame);
    if (start.size() < sizeof frame) return std::nullopt;
    std::memcpy(&frame, start.data(), sizeof frame);
    if (frame.head_size == 0 || frame.head_size > kMaxHead || frame.body_size > kMaxBody) return std::nullopt;
    if (frame.size() > size_ - at) return std::nullopt;
    head_ = view(at + sizeof frame, frame.head_size);
    if (head_.size() < frame.head_size || head_crc(frame, head_) != frame.head_crc) return std::nullopt;
    return frame;
  }
  std::string_view head() const { return head_; }
  // errno of the first read that the file system refused; from then on nothing is sound.
  int refused() const { return refused_; }

  bool body_is_sound(std::uint64_t at, const RecordFrame& frame) {
    std::uint64_t offset = at + sizeof frame + frame.head_size;
    std::uint32_t crc = 0;
    for (std::uint32_t done = 0; done < frame.body_size;) {
      auto size = std::min<std::size_t>(sizeof body_, frame.body_size - done);
      if (read(offset + done, body_, size) < size) return false;
      crc = crc32c({body_, size}, crc);
      done += static_cast<std::uint32_t>(size);
    }
    return crc == frame.body_crc;
  }

 private:
  std::string_view view(std::uint64_t at, std::size_t size) {
    if (at < start_ || at + size > start_ + window_.size()) {
      window_.resize(std::max<std::size_t>(size, 1024));
      window_.resize(read(at, window_.data(), window_.size()));
      start_ = at;
    }
    return std::string_view(window_).substr(std::min<std::size_t>(at - start_, window_.size()), size);
  }
  std::size_t read(std::uint64_t at, char* to, std::size_t size) {
    auto done = read_at(fd_, at, to, size);
    if (!done && refused_ == 0) refused_ = done.error();
    return done.value_or(0);
  }

  int fd_;
  std::uint64_t size_;
  int refused_ = 0;
  std::string window_;
  std::uint64_t start_ = 0;
  std::string_view head_;
  char body_[32768];
};

}  // namespace

std::string make_record_front(std::string_view head, std::string_view body) {
  RecordFrame frame;
  frame.body_crc = crc32c(body);
  frame.head_size = static_cast<std::uint32_t>(head.size());
  frame.body_size = static_cast<std::uint32_t>(body.size());
  frame.head_crc = head_crc(frame, head);
  std::string front(sizeof frame, '\0');
  std::memcpy(front.data(), &frame, sizeof frame);
  return front.append(head);
}

ReadResult<HeaderState> check_header(int fd) {
  SegmentHeader header;
  SegmentHeader ours;
  auto size = read_at(fd, 0, reinterpret_cast<char*>(&header), sizeof header);
  if (!size) return fail_read(ReadError::Why::refused, "{}", errno_text(size.error()));
  if (*size < sizeof header) return HeaderState::not_ours;
  if (std::memcmp(header.magic, ours.magic, sizeof ours.magic) != 0) return HeaderState::not_ours;
  if (header.version > ours.version) return HeaderState::later_version;
  return header.version == ours.version ? HeaderState::good : HeaderState::earlier_version;
}

ScanResult scan_segment(int fd, std::uint32_t number, std::uint64_t size, Verify verify,
                        const SegmentLog::Visit& visit) {
  Scanner scanner(fd, size);
  ScanResult result;
  std::uint64_t at = sizeof(SegmentHeader);
  result.good_end = at;
  while (at < size) {
    auto frame = scanner.frame(at);
    if (frame && (verify == Verify::heads || scanner.body_is_sound(at, *frame))) {
      visit({number, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(frame->size())},
            scanner.head());
      at += frame->size();
      if (result.bad_at == 0) result.good_end = at;
      result.good_after = result.bad_at != 0;
      continue;
    }
    result.refused = scanner.refused();
    if (result.refused != 0) return result;
    if (result.bad_at == 0) result.bad_at = at;
    // A sound frame tells where the next one is; without it the next one is looked for.
    at += frame ? frame->size() : 1;
  }
  return result;
}

ReadResult<LogContent> read_record(int fd, Place place) {
  using enum ReadError::Why;
  if (place.size < sizeof(RecordFrame) || place.size > sizeof(RecordFrame) + kMaxHead + kMaxBody)
    return fail_read(damaged, "no record is that large");
  RecordFrame frame;
  std::string data(place.size, '\0');
  auto size = read_at(fd, place.offset, data.data(), data.size());
  if (!size) return fail_read(refused, "{}", errno_text(size.error()));
  if (*size < data.size()) return fail_read(damaged, "cut short");
  std::memcpy(&frame, data.data(), sizeof frame);
  if (frame.head_size > kMaxHead || frame.body_size > kMaxBody || frame.size() != place.size)
    return fail_read(damaged, "the frame is damaged");
  std::string_view rest = std::string_view(data).substr(sizeof frame);
  LogContent content{std::string(rest.substr(0, frame.head_size)), std::string(rest.substr(frame.head_size))};
  if (head_crc(frame, content.head) != frame.head_crc)
    return fail_read(damaged, "the checksum of the head is wrong");
  if (crc32c(content.body) != frame.body_crc) return fail_read(damaged, "the checksum of the body is wrong");
  return content;
}

}  // namespace weir::store
