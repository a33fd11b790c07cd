#include "profiler/process/perf_records.h"

#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <cstring>

#include "profiler/symbols/build_id.h"

namespace weir::profiler {

namespace {

// Of linux/perf_event.h from 5.12 on; older headers do not have it.
constexpr std::uint16_t kMiscBuildId = 1 << 14;
constexpr std::size_t kTrailer = 16;  // u32 pid, u32 tid, u64 time
constexpr std::size_t kMostBuildId = 20;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T take() {
    T value{};
    if (bytes_.size() < sizeof value) {
      failed_ = true;
      return value;
    }
    bytes_.copy(reinterpret_cast<char*>(&value), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view skip(std::size_t size) {
    if (bytes_.size() < size) {
      failed_ = true;
      return {};
    }
    auto skipped = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return skipped;
  }
  // Up to the first zero byte: names are padded with them.
  std::string text() const { return std::string(bytes_.substr(0, bytes_.find('\0'))); }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

void read_map(Reader& in, std::uint16_t misc, ProcessEvent& event) {
  MapEvent map;
  event.pid = in.take<std::uint32_t>();
  event.tid = in.take<std::uint32_t>();
  map.start = in.take<std::uint64_t>();
  std::uint64_t length = in.take<std::uint64_t>();
  map.limit = length > ~map.start ? ~std::uint64_t{0} : map.start + length;
  map.offset = in.take<std::uint64_t>();
  if (misc & kMiscBuildId) {
    std::size_t size = in.take<std::uint8_t>();
    (void)in.skip(3);
    map.build_id = build_id_text(in.skip(kMostBuildId).substr(0, size));
  } else {
    auto major = in.take<std::uint32_t>();
    auto minor = in.take<std::uint32_t>();
    map.device = makedev(major, minor);
    map.inode = in.take<std::uint64_t>();
    (void)in.take<std::uint64_t>();  // generation of the inode
  }
  map.executable = in.take<std::uint32_t>() & PROT_EXEC;
  (void)in.take<std::uint32_t>();  // flags of the mapping
  map.path = in.text();
  event.what = std::move(map);
}

void read_comm(Reader& in, std::uint16_t misc, ProcessEvent& event) {
  event.pid = in.take<std::uint32_t>();
  event.tid = in.take<std::uint32_t>();
  if (misc & PERF_RECORD_MISC_COMM_EXEC) {
    event.what = ExecEvent{in.text()};
  } else {
    event.what = CommEvent{in.text()};
  }
}

// Forks and exits look alike: pid, parent's pid, tid, parent's tid, time.
void read_task(Reader& in, std::uint32_t type, ProcessEvent& event) {
  event.pid = in.take<std::uint32_t>();
  auto parent = in.take<std::uint32_t>();
  event.tid = in.take<std::uint32_t>();
  (void)in.take<std::uint32_t>();
  (void)in.take<std::uint64_t>();
  if (type == PERF_RECORD_EXIT) {
    event.what = ExitEvent{};
  } else {
    event.what = ForkEvent{parent};
  }
}

void read_lost(Reader& in, ProcessEvent& event) {
  (void)in.take<std::uint64_t>();  // id of the event
  event.what = LostEvent{in.take<std::uint64_t>()};
}

std::uint64_t time_of(std::string_view body) {
  std::uint64_t time = 0;
  std::memcpy(&time, body.data() + body.size() - sizeof time, sizeof time);
  return time;
}

}  // namespace

bool parse_perf_records(std::string_view bytes, const std::function<void(ProcessEvent)>& each) {
  while (!bytes.empty()) {
    perf_event_header header;
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.size < sizeof header || header.size > bytes.size()) return false;
    std::string_view body = bytes.substr(sizeof header, header.size - sizeof header);
    bytes.remove_prefix(header.size);
    if (body.size() < kTrailer) continue;
    ProcessEvent event{.time = time_of(body)};
    Reader in(body.substr(0, body.size() - kTrailer));
    switch (header.type) {
      case PERF_RECORD_MMAP2: read_map(in, header.misc, event); break;
      case PERF_RECORD_COMM: read_comm(in, header.misc, event); break;
      case PERF_RECORD_FORK:
      case PERF_RECORD_EXIT: read_task(in, header.type, event); break;
      case PERF_RECORD_LOST: read_lost(in, event); break;
      default: break;
    }
    if (in.failed()) return false;
    if (event.what.index() != 0) each(std::move(event));
  }
  return true;
}

}  // namespace weir::profiler
